"""Whether the server can listen is said before it starts, not found out by starting it again and again."""

import socket
import threading

import pytest

from kinesight.cli.serve import _free_port
from kinesight.domain.errors import BadSetting
from kinesight.server import check_address


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other


def test_a_taken_port_is_named(taken):
    port = taken.getsockname()[1]
    with pytest.raises(BadSetting, match=f"127.0.0.1 port {port}: .*in use"):
        check_address("127.0.0.1", port, wait_s=0)


def test_a_port_that_is_being_let_go_is_waited_for(taken):
    port = taken.getsockname()[1]
    threading.Timer(0.2, taken.close).start()
    check_address("127.0.0.1", port, wait_s=30)


def test_an_address_of_another_machine_is_named():
    with pytest.raises(BadSetting, match=r"192\.0\.2\.1"):  # RFC 5737: nobody's
        check_address("192.0.2.1", 0, wait_s=0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104  # bound for a moment, never listened on
def test_a_free_port_is_fine(host):
    check_address(host, 0, wait_s=0)


def test_a_port_of_our_own_choice_can_be_listened_on():
    port = _free_port("127.0.0.1")
    assert port > 0
    check_address("127.0.0.1", port, wait_s=0)


def test_no_port_is_chosen_on_an_address_of_another_machine():
    with pytest.raises(BadSetting, match=r"192\.0\.2\.1"):
        _free_port("192.0.2.1")
