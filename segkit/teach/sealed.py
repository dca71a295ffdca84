"""Truth that a check needs without telling it: a salted hash of the value (盐化哈希)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

LENGTH = 16


def seal(salt: str, value: Any) -> str:
    """What stands in the code in place of `value`: text, numbers, lists, dicts and sets of them."""
    plain = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(f"{salt}:{plain}".encode()).hexdigest()[:LENGTH]


def matches(salt: str, value: Any, sealed: str) -> bool:
    """Is `value` the one that was sealed?"""
    return seal(salt, value) == sealed


def _plain(value: Any) -> Any:
    """One form for what counts as the same answer: 5, 5.0 and numpy's 5; a set and a sorted list of it."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(one) for one in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 6)
    return value.strip() if isinstance(value, str) else value
