"""A panel's whole way against a real server: a mail in, a verdict, a DC-09 message and a mail out; and the same from a folder."""

import json
import smtplib
import time
from email.message import EmailMessage

import pytest

from kinesight.testing.api_server import api_server, free_port
from kinesight.testing.monitoring import alarm_receiver, mailbox

pytestmark = pytest.mark.slow

KEY = "000102030405060708090A0B0C0D0E0F"
CODES = {"intrusion": "130", "danger": "140", "safe": "602"}
CAMERA = {"name": "Gate", "addresses": ["gate@alarm.example"], "panel": {"account": "4711", "partition": 2, "zone": 8}}


@pytest.fixture
def server(samples, tmp_path):
    settings = {
        "KINESIGHT_SMTP_PORT": str(free_port()),
        "KINESIGHT_WATCH_FOLDER": str(tmp_path / "drop"),
        "KINESIGHT_WATCH_SETTLE_S": "0.5",
        "KINESIGHT_FETCH_ALLOW": '["127.0.0.0/8"]',
    }
    with api_server(tmp_path, environment=settings) as running:
        yield running


def mail_with(clip):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "panel@site.example", "gate@alarm.example", "Alarm"
    made.set_content("Motion.")
    made.add_attachment(clip.read_bytes(), maintype="video", subtype="mp4", filename="gate.mp4")
    return made


def sent(server, mail):
    """Send as soon as the intake listens."""
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", int(server.environment["KINESIGHT_SMTP_PORT"]), local_hostname="panel") as client:
                return client.send_message(mail)
        except ConnectionRefusedError:
            time.sleep(0.1)


def outputs(client, dc09_port, mail_port):
    everything = {"risks": ["safe", "danger", "intrusion"]}
    centre = {"kind": "dc09", "host": "127.0.0.1", "port": dc09_port, "account": "0000", "codes": CODES, "key": KEY}
    desk = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": mail_port,
        "security": "none",
        "sender": "k@k.example",
        "recipients": ["d@d.example"],
    }
    for name, to in (("centre", centre), ("desk", desk)):
        answer = client.put(f"/v1/outputs/{name}", json={**everything, "to": to})
        assert answer.status_code == 200, answer.text


def test_a_mail_comes_out_as_a_verdict_and_a_dc09_message(server, short_sprint, tmp_path, kinesight):
    with (
        alarm_receiver(key=bytes.fromhex(KEY)) as centre,
        mailbox(free_port()) as desk,
        server.client() as client,
    ):
        centre.answers.append("NAK")
        assert client.put("/v1/cameras/134188-VI08", json=CAMERA).status_code == 200
        outputs(client, centre.port, desk.port)
        stranger = mail_with(short_sprint)
        stranger.replace_header("To", "nobody@elsewhere.example")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            sent(server, stranger)
        assert sent(server, mail_with(short_sprint)) == {}
        (told,) = desk.wait(1)
        refused, event = centre.wait(2)
        (analysis,) = client.get("/v1/analyses", params={"kind": "alarm"}).json()["analyses"]
        verdict = client.get(f"/v1/analyses/{analysis['id']}").json()["result"]["result"]
        assert event.data == f"#4711|1{CODES[verdict['risk']]} 02 008"
        assert (event.identity, event.account, event.sequence) == ("*ADM-CID", "4711", refused.sequence)
        body, picture = told.iter_parts()
        said = json.loads(body.get_content())
        assert (said["analysis_id"], said["risk"], said["labels"]) == (analysis["id"], verdict["risk"], verdict["labels"])
        assert picture.get_content().startswith(b"\xff\xd8\xff")
        found = client.get("/v1/cameras/134188-VI08/statistics").json()
        assert (found["days"][0]["alarms"], found["days"][0]["verdicts"]) == (1, {verdict["risk"]: 1})

        environment = {"KINESIGHT_DATA": str(server.data)}
        strict = ("--threshold-low", "0.998", "--threshold-high", "0.999")
        again = kinesight("alarm", "replay", *strict, "--json", "--apply", environment=environment)
        replay = json.loads(again.stdout)
        assert (again.returncode, replay["clips"], replay["left_out"]) == (0, 1, 0), again.stderr
        (risks,) = replay["risks"]
        assert (risks["before"], risks["clips"]) == (verdict["risk"], 1)
        untaught = kinesight("alarm", "refit", environment=environment)
        assert (untaught.returncode, "0 labelled clips" in untaught.stderr) == (2, True)

        folder = tmp_path / "drop" / "default" / "yard"
        folder.mkdir(parents=True)
        (folder / "clip.mp4.part").write_bytes(short_sprint.read_bytes()[:5000])  # breaks off
        (folder / "clip.mp4.part").rename(folder / "clip.mp4")
        *_, dropped = centre.wait(3)
        assert dropped.data == "#0000|1140 00 000", "what cannot be read is danger"
        assert list(folder.glob("done/*/clip.mp4"))
        newest = client.get("/v1/analyses", params={"kind": "alarm"}).json()["analyses"][0]
        assert newest["parameters"]["threshold_high"] == 0.999, "what was applied counts for new clips"
