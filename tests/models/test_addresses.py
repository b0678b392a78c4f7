"""Which addresses of a judge are refused, however they are written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_service.backends.addresses import (
    AddressRefused,
    allowed_addresses,
    check_address,
    reach_of,
    read_base,
)

PUBLIC = "93.184.215.14"


def public(host: str, port: int) -> list[str]:
    """Resolve every name to one public address."""
    return [PUBLIC]


def problems(url: str, *, allow_private: bool = False) -> list[str]:
    """Return what is wrong, with every name at a public address."""
    return check_address(url, allow_private=allow_private, resolve=public)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.org/v1",
        "http://api.example.org:8000",
        f"https://{PUBLIC}/v1/",
        "https://[2606:4700::1111]:8443/v1",
        "https://bücher.example/v1",
        "https://api.example.org/v1/chat/completions",
    ],
)
def test_public_address_is_right(url: str) -> None:
    assert problems(url) == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost",
        "localhost.",
        "127.0.0.1",
        "127.9.8.7",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "[::1]",
        "[fd12:3456::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[::127.0.0.1]",
        "127。0。0。1",
        "\uff11\uff12\uff17.0.0.1",
    ],
)
def test_private_address_needs_the_operators_leave(host: str) -> None:
    (problem,) = problems(f"http://{host}:8000/v1")
    assert "MODEL_PRIVATE_ADDRESSES" in problem
    assert problems(f"http://{host}:8000/v1", allow_private=True) == []


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.1.1",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",
        "0.1.2.3",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "198.18.0.1",
        "[::]",
        "[fe80::1]",
        "[ff02::1]",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[64:ff9b:1::10.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fec0::1]",
        "[2001:db8::1]",
    ],
)
def test_address_without_models_is_refused_even_with_leave(host: str) -> None:
    for allow_private in (False, True):
        assert len(problems(f"http://{host}/v1", allow_private=allow_private)) == 1


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3",
    ],
)
def test_number_written_unusually_is_refused(host: str) -> None:
    (problem,) = problems(f"http://{host}/v1", allow_private=True)
    assert "four decimal numbers" in problem


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://api.example.org/v1", "no address"),
        ("file:///etc/passwd", "no address"),
        ("api.example.org/v1", "no address"),
        ("https:///v1", "no address"),
        ("https://[::1/v1", "no address"),
        ("", "no address"),
        ("https://user:word@api.example.org/v1", "password"),
        ("https://api.example.org@127.0.0.1/v1", "password"),
        ("https://api.example.org/v1?key=1", "“?”"),
        ("https://api.example.org/v1#a", "“?”"),
        ("https://api.example.org\\@127.0.0.1/v1", "backslash"),
        ("https://api.exam\tple.org/v1", "control character"),
        ("https://api.example.org/a b", "space"),
        ("https://api.example.org:0/v1", "port"),
        ("https://api.example.org:99999/v1", "port"),
        ("https://api.example.org:25/v1", "Port 25"),
        ("https://-a.example.org/v1", "name of a host"),
        ("https://a..example.org/v1", "name of a host"),
        ("https://[fe80::1%25eth0]/v1", "name of a host"),
        ("https://" + "a" * 600, "longer"),
    ],
)
def test_wrong_form_is_named(url: str, words: str) -> None:
    (problem,) = problems(url)
    assert words in problem
    assert problem.endswith(".")


def test_name_with_one_private_address_among_public_ones_is_refused() -> None:
    def both(host: str, port: int) -> list[str]:
        return [PUBLIC, "10.0.0.8"]

    (problem,) = check_address(
        "https://two.example.org/v1", allow_private=False, resolve=both
    )
    assert "10.0.0.8" in problem
    with pytest.raises(AddressRefused):
        allowed_addresses("two.example.org", 443, allow_private=False, resolve=both)


def test_name_that_is_not_found_is_left_to_the_worker() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    address = "https://vllm.example.org/v1"
    assert check_address(address, allow_private=False, resolve=nowhere) == []


def test_base_is_kept_in_its_normal_form() -> None:
    assert read_base(" https://API.Example.org:443/v1/chat/completions ").text == (
        "https://api.example.org/v1"
    )
    assert read_base("https://bücher.example:8443/").text == (
        "https://xn--bcher-kva.example:8443"
    )
    assert read_base("http://[::1]:8000/v1").text == "http://[::1]:8000/v1"


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_never_makes_it_more_public(
    address: ipaddress.IPv4Address,
) -> None:
    number = int(address)
    for base in (0xFFFF << 32, int(ipaddress.ip_address("64:ff9b::"))):
        wrapped = ipaddress.IPv6Address(base | number)
        assert reach_of(wrapped) == reach_of(address)
    assert reach_of(ipaddress.IPv6Address(0x2002 << 112 | number << 80)) == "forbidden"


@given(st.text(max_size=40))
def test_any_text_is_answered_with_sentences(text: str) -> None:
    for problem in problems(f"https://{text}") + problems(text):
        assert problem.endswith(".")
