"""Content credentials: whose certificate signs, what is refused, and what the files on disk look like."""

import stat

import numpy as np
import pytest
from cryptography import x509

from kinesight.domain.errors import BadSetting
from kinesight.domain.provenance import COMPOSITE_WITH_AI, Statement
from kinesight.media.audit_log import AuditLog
from kinesight.media.provenance import ContentCredentials, make_certificate, own_certificate, xmp_of
from kinesight.media.writer import open_video_writer

STATEMENT = Statement(
    title="output.mp4",
    action="Heads <replaced> & marked",
    source_sha256="ab" * 32,
    software="Kinesight 0.1.0",
    digital_source_type=COMPOSITE_WITH_AI,
)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    with open_video_writer(path, width_px=64, height_px=48) as writer:
        for frame in range(4):
            writer.write(np.full((48, 64, 3), 60 * frame, np.uint8), time_s=frame / 10)
    return path


def test_the_own_certificate_is_made_once_and_its_key_is_private(tmp_path):
    first, second = own_certificate(tmp_path / "made"), own_certificate(tmp_path / "made")
    assert first == second
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "made").iterdir()} == {0o600}


def test_a_certificate_is_for_signing_documents_and_not_for_issuing_others():
    chain, _ = make_certificate()
    certificate, authority = x509.load_pem_x509_certificates(chain)
    assert certificate.issuer == authority.subject
    assert certificate.issuer != certificate.subject
    certificate.verify_directly_issued_by(authority)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature


def test_your_own_certificate_signs_when_it_is_set(tmp_path, video):
    chain, key = make_certificate()
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(key)
    marked = ContentCredentials(folder=tmp_path / "none", chain_pem=tmp_path / "chain.pem", key_pem=tmp_path / "key.pem").mark(
        video, STATEMENT
    )
    assert not marked.is_test_certificate
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("broken", ["missing key", "no such file", "no certificate", "other key"])
def test_settings_that_cannot_sign_are_named_and_leave_no_rest(tmp_path, video, broken):
    chain, key = make_certificate()
    if broken == "other key":
        key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    (tmp_path / "chain.pem").write_bytes(b"nothing" if broken == "no certificate" else chain)
    (tmp_path / "key.pem").write_bytes(key)
    given = {"missing key": None, "no such file": tmp_path / "nowhere.pem"}.get(broken, tmp_path / "key.pem")
    with pytest.raises(BadSetting):
        ContentCredentials(folder=tmp_path, chain_pem=tmp_path / "chain.pem", key_pem=given).mark(video, STATEMENT)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_xmp_is_escaped():
    assert "Heads &lt;replaced&gt; &amp; marked" in xmp_of(STATEMENT)


def test_the_audit_log_grows_by_lines_and_a_bad_path_is_named(tmp_path):
    log = AuditLog(tmp_path / "log.jsonl")
    log.append("one")
    log.append("two")
    assert (tmp_path / "log.jsonl").read_text() == "one\ntwo\n"
    AuditLog(None).append("nothing")
    with pytest.raises(BadSetting, match="audit_log"):
        AuditLog(tmp_path / "no" / "log.jsonl").append("lost")
