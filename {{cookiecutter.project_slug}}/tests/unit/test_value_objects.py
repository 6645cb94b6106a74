import pytest

from app.domain.user.errors import InvalidEmailError, WeakPasswordError
from app.domain.user.value_objects import Email, Password


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@Example.COM ", "ada@example.com"),
        ("e\u0301va@example.com", "\u00e9va@example.com"),
        ("a+b@mail.example.co.uk", "a+b@mail.example.co.uk"),
    ],
)
def test_an_email_has_one_normal_form(typed: str, normal: str) -> None:
    assert Email(typed).value == normal


def test_emails_that_differ_in_case_only_are_equal() -> None:
    assert Email("ADA@example.com") == Email("ada@EXAMPLE.com")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@.com",
        "ada@exa mple.com",
        "a@b@c.com",
        "ada@example.com\nBcc: eve@example.com",
        "ada\x00@example.com",
        "a" * 250 + "@example.com",
        "x,victim@example.com",
        "foo<victim@example.com>",
    ],
)
def test_what_is_no_email_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEmailError):
        Email(typed)


@pytest.mark.parametrize("length", [8, 128])
def test_a_password_of_fair_length_is_accepted(length: int) -> None:
    assert Password("x" * length).value == "x" * length


def test_an_email_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidEmailError):
        Email("\ud800a@example.com")


def test_an_email_that_would_take_minutes_to_normalize_is_refused_unread() -> None:
    with pytest.raises(InvalidEmailError):
        Email("a" + "\u0315\u0300" * 500_000 + "@example.com")


def test_a_password_that_is_no_text_is_refused() -> None:
    with pytest.raises(WeakPasswordError):
        Password("\ud800" * 10)


@pytest.mark.parametrize("length", [0, 7, 129])
def test_a_password_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(WeakPasswordError):
        Password("x" * length)


def test_a_password_does_not_show_itself() -> None:
    assert "hunter2hunter2" not in repr(Password("hunter2hunter2"))
