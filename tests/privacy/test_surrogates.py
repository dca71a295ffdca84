"""Surrogates: equal for equal, mute without the key, never mistaken for a phone; the key is made once."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.privacy import surrogate as module
from segkit.privacy.find import find_in
from segkit.privacy.surrogate import fingerprint, keyed_digest, load_key, surrogate, surrogates
from segkit.problems import InputProblems


@pytest.fixture(autouse=True)
def no_key_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGKIT_KEY", raising=False)


def test_key_is_made_once_and_kept(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    assert len(key) == 64 and load_key(tmp_path) == key
    path = tmp_path / ".segkit" / "key"
    assert path.read_text(encoding="ascii").strip() == key
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(p.name for p in path.parent.iterdir()) == [".gitignore", "key"]
    assert load_key(tmp_path / "other") != key


def test_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGKIT_KEY", " given ")
    assert load_key(tmp_path) == "given" and not (tmp_path / ".segkit").exists()


def test_two_first_runs_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: load_key(tmp_path), range(16)))) == 1


def test_broken_keys_are_said(tmp_path: Path) -> None:
    path = tmp_path / ".segkit" / "key"
    path.parent.mkdir()
    path.write_text("\n", encoding="ascii")
    with pytest.raises(InputProblems, match="empty"):
        load_key(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputProblems, match="cannot be read"):
        load_key(tmp_path)


@given(st.text(), st.text(), st.text(min_size=1), st.text(min_size=1))
def test_surrogates_tell_values_and_keys_apart(a: str, b: str, key: str, other: str) -> None:
    assert (surrogate(a, key) == surrogate(b, key)) is (a == b)
    if key != other:
        assert surrogate(a, key) != surrogate(a, other)
        assert fingerprint(key) != fingerprint(other)
    assert len(surrogate(a, key)) == 11 and find_in(surrogate(a, key)) == []
    assert surrogate(a, key, length=20).startswith(surrogate(a, key))


def test_digest_does_not_run_parts_together() -> None:
    assert keyed_digest("k", "ab", "c") != keyed_digest("k", "a", "bc") != keyed_digest("k", "abc")
    assert len(fingerprint("k")) == 8


def test_a_column_stays_apart_even_where_ten_places_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    phones = pd.Series([f"139{i:08d}" for i in range(300)] + [None, "13900000000"], index=range(5, 307))
    shown = surrogates(phones, "k")
    assert shown.index.equals(phones.index) and shown.isna().sum() == 1
    assert shown.nunique() == phones.nunique() and shown.iloc[-1] == shown.iloc[0]
    real = module.surrogate

    def narrow(value: str, key: str, *, length: int = 10) -> str:
        return real(value, key, length=1 if length == 10 else length)

    monkeypatch.setattr(module, "surrogate", narrow)  # 32 short surrogates for 300 phones
    shown = surrogates(phones, "k")
    assert shown.nunique() == phones.nunique()
    assert all(find_in(text) == [] for text in shown.dropna())
    assert surrogates(phones.iloc[::-1], "k").iloc[::-1].equals(shown)  # whatever the order of the rows
