"""Rules for passwords, and their hashes."""

from __future__ import annotations

import secrets
import unicodedata

import bcrypt

from data.errors import AccountError

BCRYPT_ROUNDS = 12
MIN_CHARACTERS = 12
MAX_BYTES = 72  # bcrypt takes no more
MIN_DIFFERENT = 5
# Long enough to pass the length rule, and among the first that are tried.
COMMON = frozenset(
    {
        "000000000000",
        "1234567890ab",
        "123456789012",
        "123456789123",
        "1q2w3e4r5t6y",
        "abcdefghijkl",
        "abcdefghijklmnop",
        "adminadminadmin",
        "administrator",
        "administrator1",
        "changeme1234",
        "changemechangeme",
        "correcthorsebatterystaple",
        "iloveyou1234",
        "letmein12345",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "qazwsxedcrfv",
        "qwerty123456",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiopas",
        "qwertyuiopasdf",
        "scorecard1234",
        "scorecard123",
        "sharedscorecard",
        "welcome12345",
        "zaq12wsxcde3",
    }
)
# Letters and digits that are not mistaken for one another when read aloud or copied by hand.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def _normal(password: str) -> str:
    """One spelling of the same characters, whichever keyboard typed them."""
    return unicodedata.normalize("NFKC", password)


def check_rules(password: str, *, username: str) -> None:
    """Raise ``AccountError`` naming the rule that a new password breaks."""
    text = _normal(password)
    remedy = "Choose another; three or four unrelated words make a good one."
    if len(text) < MIN_CHARACTERS:
        raise AccountError(
            f"The password has {len(text)} characters, at least {MIN_CHARACTERS} are needed.",
            remedy=remedy,
        )
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise AccountError(
            f"The password takes {size} bytes, at most {MAX_BYTES} can be kept.", remedy=remedy
        )
    if text != text.strip():
        raise AccountError("The password begins or ends with a space.", remedy=remedy)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise AccountError("The password holds a control character.", remedy=remedy)
    if text.casefold() == username.casefold():
        raise AccountError("The password is the user name.", remedy=remedy)
    if len(set(text)) < MIN_DIFFERENT:
        raise AccountError(
            f"The password has only {len(set(text))} different characters, "
            f"at least {MIN_DIFFERENT} are needed.",
            remedy=remedy,
        )
    if text.casefold() in COMMON:
        raise AccountError("The password is among the most common ones.", remedy=remedy)


def hash_password(password: str) -> str:
    """bcrypt's hash of a password that meets the rules, 60 characters."""
    return bcrypt.hashpw(_normal(password).encode(), bcrypt.gensalt(BCRYPT_ROUNDS)).decode("ascii")


def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password has this hash; takes as long when there is no hash to compare with."""
    given = _normal(password[:1024]).encode("utf-8", "surrogatepass")
    if password_hash is None or len(given) > MAX_BYTES or b"\0" in given:
        bcrypt.hashpw(b"nobody", bcrypt.gensalt(BCRYPT_ROUNDS))
        return False
    return bcrypt.checkpw(given, password_hash.encode("ascii"))


def random_password() -> str:
    """A random password of four readable groups of five, 98 bits."""
    groups = ("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(4))
    return "-".join(groups)
