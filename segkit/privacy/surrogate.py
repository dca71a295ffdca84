"""What is shown where the client's own key is a phone or identity number? A keyed surrogate (替代编号).

A plain hash of a phone is not anonymous: ten billion numbers can be tried out. So surrogates and draws
hang on a key that stays with the consultant: ``SEGKIT_KEY``, else ``.segkit/key`` beside client.yml.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import pandas as pd

from segkit.problems import InputProblems, Problem

KEY_VARIABLE = "SEGKIT_KEY"
KEY_FILE = Path(".segkit") / "key"

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read aloud without error
_LENGTH = 10  # 50 bits; under 11, so no run of digits can look like a mobile


def load_key(folder: str | Path) -> str:
    """The key of the client whose client.yml stands in `folder`; made on first use, for its owner only.

    Raises
    ------
    InputProblems : the key file is empty, or cannot be read or written
    """
    given = os.environ.get(KEY_VARIABLE, "").strip()
    if given:
        return given
    path = Path(folder) / KEY_FILE
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblems([Problem("privacy.key_unreadable", {"path": str(path)})]) from error
    if not key:
        raise InputProblems([Problem("privacy.key_empty", {"path": str(path)})])
    return key


def _make_key(path: Path) -> None:
    """Written whole under another name, then linked into place: two first runs at once get one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ignore = path.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
    draft = path.with_name(f"key.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # the other run was first
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def keyed_digest(key: str, *parts: str) -> bytes:
    """HMAC-SHA256 over the parts, each led by its length: ("ab", "c") is not ("a", "bc"). For draws too."""
    message = b"".join(len(raw).to_bytes(8, "big") + raw for raw in (_bytes(part) for part in parts))
    return hmac.new(_bytes(key), message, hashlib.sha256).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def fingerprint(key: str) -> str:
    """Eight hex digits that tell keys apart without telling the key; they stand in the manifest."""
    return keyed_digest(key, "fingerprint").hex()[:8]


def surrogate(value: str, key: str, *, length: int = _LENGTH) -> str:
    """``K`` and `length` letters or digits: equal for equal value and key, mute without the key."""
    number = int.from_bytes(keyed_digest(key, "surrogate", str(value)), "big")
    return "K" + "".join(_ALPHABET[(number >> (251 - 5 * i)) & 31] for i in range(length))


def surrogates(series: pd.Series, key: str) -> pd.Series:
    """A column of surrogates, different for different values; missing stays missing.

    Values that meet in the first ten places (one in a million columns of 50,000) get more places, dashed
    so that the digits still cannot be taken for a phone.
    """
    texts = series.astype("string")
    values = list(texts.dropna().unique())
    table = pd.Series({value: surrogate(value, key) for value in values}, dtype="string")
    for value in table.index[table.duplicated(keep=False)]:
        long = surrogate(value, key, length=2 * _LENGTH)
        table[value] = f"{long[: _LENGTH + 1]}-{long[_LENGTH + 1 :]}"
    return texts.map(table.to_dict()).astype("string")
