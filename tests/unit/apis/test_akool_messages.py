"""Webhooks of the Akool-compatible API: the cipher by published vectors, the message by a receiver that shares no code."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kinesight.apis.akool.identities import address_number, team_id_of, uid_of
from kinesight.apis.akool.sealed_message import encrypted, sealed_message, signature_of
from kinesight.apis.akool.vault import Vault
from kinesight.apis.akool.wording import sealed_wording
from kinesight.domain.errors import BadParameter, Forbidden, NotFound
from kinesight.domain.job import Artefact, Job, State, Tenant
from kinesight.domain.webhooks import Due, Event, Happening, Webhook
from kinesight.jobs.deliverer import Deliverer
from kinesight.media.post import HttpPost
from kinesight.testing.headswap_receiver import BadMessage, decrypt_cbc, opened, without_padding
from kinesight.testing.receiver import receiver

KEY = "Abcdefghijklmnop12345678"
CLIENT_ID = "abcdefgh01234567"
TENANT = Tenant(id="t1", name="default", client_id=CLIENT_ID)
VAULT = Vault(token_secret=b"t" * 32, key_secret=b"k" * 32)

# NIST SP 800-38A, F.2: the initialisation vector, the plain blocks, and what CBC makes of them with each key
VECTOR = bytes(range(16))
PLAIN = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
NIST = {
    "2b7e151628aed2a6abf7158809cf4f3c": "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b": "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
    "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4": "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
    "9cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
}


@pytest.mark.parametrize("key", NIST, ids=["AES-128", "AES-192", "AES-256"])
def test_the_receivers_cipher_is_that_of_the_standard(key: str) -> None:
    assert decrypt_cbc(bytes.fromhex(NIST[key]), key=bytes.fromhex(key), vector=VECTOR) == PLAIN


def test_the_servers_cipher_is_that_of_the_standard() -> None:
    # keys here are text, so the vectors of the standard do not fit; openssl is a third program that knows the cipher
    plain = b'{"_id":"6a10b2c3d4e5f60718293a4b"}'
    for key in (KEY[:16], KEY, KEY + "87654321"):
        ours = encrypted(plain, key=key, client_id=CLIENT_ID)
        assert without_padding(decrypt_cbc(base64.b64decode(ours), key=key.encode(), vector=CLIENT_ID.encode())) == plain


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the program openssl is not installed")
def test_openssl_opens_the_message(tmp_path: Path) -> None:
    body = sealed_message({"status": 3}, key=KEY, client_id=CLIENT_ID, timestamp_ms=1, nonce="n")
    (tmp_path / "data").write_bytes(base64.b64decode(body["dataEncrypt"]))
    command = ["openssl", "enc", "-d", "-aes-192-cbc", "-K", KEY.encode().hex(), "-iv", CLIENT_ID.encode().hex()]
    found = subprocess.run([*command, "-in", str(tmp_path / "data")], capture_output=True, check=True)
    assert json.loads(found.stdout) == {"status": 3}


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32, 33])
def test_padding_goes_to_sixteen_bytes(length: int) -> None:
    cipher = base64.b64decode(encrypted(b"x" * length, key=KEY, client_id=CLIENT_ID))
    assert len(cipher) == (length // 16 + 1) * 16


@pytest.mark.parametrize(
    ("client_id", "vector"), [("abcdefgh01234567890123", b"abcdefgh01234567"), ("short", b"short" + bytes(11))]
)
def test_the_vector_is_the_first_sixteen_bytes_of_the_client_id(client_id: str, vector: bytes) -> None:
    cipher = base64.b64decode(encrypted(b"plain", key=KEY, client_id=client_id))
    assert without_padding(decrypt_cbc(cipher, key=KEY.encode(), vector=vector)) == b"plain"


@pytest.mark.parametrize("length", [1, 15, 17, 23, 25, 31, 33, 64])
def test_keys_of_other_lengths_are_refused_with_the_reason(length: int) -> None:
    with pytest.raises(BadParameter, match=f"{length} bytes"):
        encrypted(b"", key="k" * length, client_id=CLIENT_ID)


def test_the_signature_is_over_the_sorted_strings() -> None:
    # FIPS 180-1, appendix A: the digest of "abc"
    assert signature_of("c", "a", "", "b") == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert signature_of("b", "10", "9", "A") == signature_of("109Ab"), "capitals come before small letters, digits before both"


def test_a_changed_message_is_no_longer_signed() -> None:
    body = sealed_message({"status": 4}, key=KEY, client_id=CLIENT_ID, timestamp_ms=1_779_479_235_120, nonce="00ff")
    assert opened(body, client_id=CLIENT_ID, client_secret=KEY) == {"status": 4}
    for change in ({"nonce": "01ff"}, {"timestamp": 1_779_479_235_121}, {"dataEncrypt": body["dataEncrypt"][::-1]}):
        with pytest.raises(BadMessage, match="signature"):
            opened({**body, **change}, client_id=CLIENT_ID, client_secret=KEY)


class Outbox:
    """One event, until it is settled."""

    def __init__(self, due: Due) -> None:
        self.waiting: list[Due] = [due]
        self.postponed: list[float] = []

    def claim(self, *, limit: int, lease_s: float) -> tuple[Due, ...]:
        return tuple(self.waiting[:limit]) if lease_s else ()

    def settle(self, due: Due) -> None:
        self.waiting.remove(due)

    def postpone(self, due: Due, *, delay_s: float) -> None:
        self.waiting = [replace(due, tries=due.tries + 1)]
        self.postponed.append(delay_s)

    def sweep(self, *, give_up_after_s: float, forget_after_s: float) -> int:
        return int(give_up_after_s > forget_after_s)


class Finished:
    """One finished task with its output."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def get(self, tenant_id: str, job_id: str) -> Job:
        if (tenant_id, job_id) != (self.job.tenant_id, self.job.id):
            raise NotFound
        return self.job

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        key = f"jobs/{self.get(tenant_id, job_id).id}/1/output.mp4"
        return (Artefact(name="output.mp4", key=key, media_type="video/mp4", size_bytes=1, sha256="0"),)


def task(**given: Any) -> Job:
    origin = {"webhook_key": VAULT.seal(KEY), "server_address": "https://heads.example.com", "create_time_ms": 1_779_479_235_120}
    fields = {
        "id": "j1",
        "tenant_id": "t1",
        "kind": "heads",
        "parameters": {},
        "created_s": 1.0,
        "vendor_id": "6a10b2c3" + "0" * 16,
    }
    return Job(**{**fields, "state": State.SUCCEEDED, "origin": origin, **given})


def wording_over(job: Job, vault: Vault = VAULT) -> Any:
    files: Any = SimpleNamespace(
        link=lambda key, *, name, media_type, seconds: f"/files/{key}?name={name}&type={media_type}&exp={seconds}"
    )
    return sealed_wording(Finished(job), files, get_tenant=lambda _: TENANT, vault=vault, link_s=60)


def event(state: State = State.SUCCEEDED) -> Event:
    return Event(job_id="j1", sequence=1, happening=Happening(state), percentage=100, created_s=0.0, tenant_id="t1")


@pytest.fixture
def end() -> Iterator[Any]:
    """Deliver the end of a task to a receiver on loopback that first answers 500."""
    with receiver() as box:
        box.statuses = [500, 200]
        hook = Webhook(url=f"{box.url}/hook", enabled=True, secret="whsec_" + base64.b64encode(b"s" * 32).decode(), updated_s=0.0)
        outbox = Outbox(Due(event=event(), dialect="akool", webhook=hook, tries=1))
        post = HttpPost(allow=("127.0.0.0/8",), allow_http=True)
        deliverer = Deliverer(outbox=outbox, post=post, wordings={"akool": wording_over(task())})
        deliverer.rounds.once()
        deliverer.rounds.once()
        yield SimpleNamespace(box=box, outbox=outbox)


def test_the_end_of_a_task_is_told_until_it_is_taken_and_opens_with_key_and_client_id(end: Any) -> None:
    first, second = end.box.received
    assert end.outbox.waiting == []
    assert len(end.outbox.postponed) == 1
    for message in (first, second):
        facts = opened(message.json, client_id=CLIENT_ID, client_secret=KEY)
        assert facts == {
            "_id": "6a10b2c3" + "0" * 16,
            "status": 3,
            "type": "headswap",
            "url": "https://heads.example.com/files/jobs/j1/1/output.mp4/-/Headswap_1779479235120.mp4"
            "?name=Headswap_1779479235120.mp4&type=video/mp4&exp=60",
        }
        assert type(message.json["timestamp"]) is int
        assert type(message.json["nonce"]) is str
        assert message.headers["content-type"] == "application/json"
    assert first.json["nonce"] != second.json["nonce"]


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.DEAD])
def test_a_task_that_came_to_nothing_is_told_as_failed(state: State) -> None:
    body = wording_over(task(state=state))(event(state))
    facts = opened(body, client_id=CLIENT_ID, client_secret=KEY)
    assert (facts["status"], facts["url"]) == (4, "")


def test_nobody_is_told_of_what_is_gone_or_cannot_be_sealed(caplog: pytest.LogCaptureFixture) -> None:
    assert wording_over(task(id="j2"))(event()) is None
    other = Vault(token_secret=b"t" * 32, key_secret=b"o" * 32)
    assert wording_over(task(), other)(event()) is None
    assert KEY not in caplog.text
    assert "j1" in caplog.text


def test_a_key_is_read_by_its_own_installation_alone() -> None:
    sealed = VAULT.seal(KEY)
    assert VAULT.unseal(sealed) == KEY
    assert sealed != VAULT.seal(KEY)
    other = Vault(token_secret=b"o" * 32, key_secret=b"o" * 32)
    for text in (sealed[:-2] + "AA", sealed[:10], "", "ä", "!!"):
        assert VAULT.unseal(text) is None
    assert other.unseal(sealed) is None
    token = VAULT.token(KEY, client_id=CLIENT_ID, now_s=2_000_000_000.0)
    with pytest.raises(Forbidden):
        other.key_in(token)


def test_clocks_of_hosts_may_differ_a_little() -> None:
    now_s = time.time()
    assert VAULT.key_in(VAULT.token(KEY, client_id=CLIENT_ID, now_s=now_s + 30)) == KEY
    with pytest.raises(Forbidden):
        VAULT.key_in(VAULT.token(KEY, client_id=CLIENT_ID, now_s=now_s + 600))


def test_numbers_and_names_that_follow_from_others() -> None:
    assert 0 <= uid_of("t1") < 2**31
    assert uid_of("t1") == uid_of("t1") != uid_of("t2")
    assert len(bytes.fromhex(team_id_of("t1"))) == 12
    assert team_id_of("t1") != team_id_of("t2")
    first, second = address_number("https://a.example.com/1"), address_number("https://a.example.com/2")
    assert first != second
    assert max(first, second) < 2**62
