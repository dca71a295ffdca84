"""Personal values are found by their form, shown masked, and nothing else is taken for one."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segkit.privacy.find import (
    column_kind,
    find_in,
    fold,
    kind_shares,
    looks_like_card,
    looks_like_id,
    luhn_valid,
    normalise,
)
from segkit.privacy.known import Lookup, known_values, looks_like_firm
from segkit.privacy.mask import mask, mask_column, mask_text


def kinds(text: str) -> list[tuple[str, str]]:
    return [(hit.kind, hit.value) for hit in find_in(text)]


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("35052519870101888X", True),  # wrong check digit: a reader would not know
        ("000000199003071233", True),  # sample data: impossible region
        ("000000999999999999", True),
        ("110101199003071233", True),
        ("110101199013071233", False),  # no month 13
        ("990101199003071233", False),  # no province 99
        ("202501011234567890", False),  # an order number
    ],
)
def test_what_looks_like_an_identity_number(text: str, looks: bool) -> None:
    assert looks_like_id(text) is looks
    assert (kinds(f"证件{text}，已核")[:1] == [("id_number", text)]) is looks


# --- finding ----------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "138-0013-8000",
        "138 0013 8000",
        "1380-013-8000",
        "138-001-38000",
        "138-00138000",
        "+8613800138000",
        "+86 138 0013 8000",
        "+86-138-0013-8000",
        "008613800138000",
        "8613800138000",
        "１３８００１３８０００",
        "138－0013－8000",
        "10012345678",
        "12345678901",
    ],
)
@pytest.mark.parametrize("around", ["{}", "电话{}，晚上打", "tel:{};", "({})", "{}/13900139000", "x\n{}\ny"])
def test_mobiles_are_found_however_written(written: str, around: str) -> None:
    assert ("phone", written) in kinds(around.format(written))


@pytest.mark.parametrize(
    "text",
    [
        "4196439032",
        "119643903212",
        "99913800138000",
        "138001380001",
        "23800138000",
        "1380013800",
        "2025-12-31",
        "12,345,678,901.00",
        "13800138000.50",
        "0.13800138000",
        "No12345678901",
        "2025-138-0013-8000",
        "138 0013 8000 1",
        "1.38E+10",
        "138****8000",
        "z***@example.com",
        "@media",
        "a@b",
        "pandas@2.1.0",
        "410-555-0199",
        "张*",
        "2025010112345678",
    ],
)
def test_numbers_and_signs_that_are_nobody(text: str) -> None:
    assert find_in(text) == []


def test_a_mobile_that_went_through_a_float_is_a_mobile() -> None:
    assert kinds("13800138000.0") == [("phone", "13800138000")]
    assert normalise("13800138000.0", "phone") == normalise("+86 138-0013-8000", "phone") == "13800138000"
    assert normalise(13800138000.0, "phone") == "13800138000"
    assert normalise(None, "phone") == normalise(float("nan"), "phone") == normalise(pd.NA, "name") == ""


def test_email_and_card() -> None:
    assert kinds("信zhang.san+a@mail.example.com。") == [("email", "zhang.san+a@mail.example.com")]
    assert kinds("13800138000@example.com") == [("email", "13800138000@example.com")]
    assert kinds("zhang＠example.com") == [("email", "zhang＠example.com")]
    card = "622202" + "0" * 9 + "0"
    card = next(card[:-1] + d for d in "0123456789" if luhn_valid(card[:-1] + d))
    assert looks_like_card(card) and kinds(f"卡号 {card}") == [("bank_card", card)]
    grouped = " ".join(card[i : i + 4] for i in range(0, 16, 4))
    assert kinds(grouped) == [("bank_card", grouped)]
    assert not looks_like_card(card[:-1] + str((int(card[-1]) + 1) % 10))
    assert luhn_valid("79927398713") and not luhn_valid("79927398710")  # the textbook number


@given(st.text(st.sampled_from("0123456789Xx-— .+@aA．＠１９：张公司（）\n"), max_size=60))
def test_hits_lie_in_the_text_in_order_and_apart(text: str) -> None:
    end = 0
    for hit in find_in(text):
        assert text[hit.start : hit.end] == hit.value and hit.start >= end
        end = hit.end
    assert len(fold(text)) == len(text)


def test_column_kind_by_its_cells() -> None:
    phones = pd.Series(
        [f"139{i:08d}" for i in range(80)] + ["010-88886666"] * 3 + [None] * 40 + ["无", "?", "-"]
    )
    assert column_kind(phones) == "phone"
    assert kind_shares(phones)["phone"] == pytest.approx(81 / 84)
    assert column_kind(pd.Series([f"100{i:08d}" for i in range(9)])) == "phone"
    assert column_kind(pd.Series([f"z{i}@example.com" for i in range(9)])) == "email"
    assert column_kind(pd.Series([f"000000{19500101 + i}123{i % 10}" for i in range(9)])) == "id_number"
    assert column_kind(pd.Series([f"{4196439032 + i}" for i in range(9)])) is None
    assert column_kind(pd.Series([f"{11000000001 + i}" for i in range(9)])) is None  # a running number
    assert column_kind(pd.Series(["来电13800138000"] * 3)) is None  # prose
    assert column_kind(pd.Series([], dtype=str)) is None


# --- masking ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13812345678", "138****5678"),
        ("phone", "+86 138-1234-5678", "138****5678"),
        ("phone", "１３８１２３４５６７８", "138****5678"),
        ("phone", "010-88886666", "010-****6666"),
        ("id_number", "53010219200508011X", "530***********011X"),
        ("email", "zhang@example.com", "z***@example.com"),
        ("bank_card", "6222021234567890", "6222********7890"),
        ("name", "张伟", "张*"),
        ("name", "欧阳小明", "欧*"),
        ("name", "John Smith", "J***"),
        ("name", "鸿业商贸（虚构）", "鸿业商贸（虚构）"),
        ("name", "张记水果店", "张记水果店"),
        ("name", "Acme Ltd.", "Acme Ltd."),
        ("customer_id", "C000123", "C0***23"),
        ("customer_id", "C1", "C***"),
        ("phone", None, ""),
        ("name", "", ""),
    ],
)
def test_masks(kind: str, value: str | None, shown: str) -> None:
    assert mask(value, kind) == shown


personal = st.one_of(
    st.tuples(st.just("phone"), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)),
    st.tuples(st.just("id_number"), st.from_regex(r"000000[0-9]{11}[0-9X]", fullmatch=True)),
    st.tuples(st.just("email"), st.from_regex(r"[a-z]{2,9}@example\.com", fullmatch=True)),
)


@given(personal)
def test_a_mask_hides_and_stays(pair: tuple[str, str]) -> None:
    kind, value = pair
    shown = mask(value, kind)
    assert value not in shown and find_in(shown) == []
    assert mask(shown, kind) == shown
    if kind == "id_number":
        assert value[6:14] not in shown  # the birth date


any_text = st.text(st.characters(codec="gb2312"), max_size=30)


@given(st.sampled_from(["phone", "id_number", "email", "bank_card", "customer_id"]), any_text)
def test_whatever_it_is_its_mask_is_not_the_value(kind: str, value: str) -> None:
    shown = mask(value, kind)
    if value.strip() and "*" not in value:
        assert shown != value.strip() and "*" in shown
        # never more than three quarters in the clear
        if kind != "email":
            assert len(shown.replace("*", "").replace("-", "")) <= 0.75 * max(len(value.strip()), 1)
    assert mask(shown, kind) == shown


@given(st.lists(st.one_of(personal, st.tuples(st.just(""), st.text("客户，。 ", max_size=5))), max_size=6))
def test_masked_prose_holds_nothing_personal(parts: list[tuple[str, str]]) -> None:
    text = "，".join(value for _, value in parts)
    shown = mask_text(text)
    assert find_in(shown) == []
    assert shown.count("，") == text.count("，")


def test_mask_text_with_known_names() -> None:
    known = {"name": {"张小明", "王芳", "john smith"}}
    assert mask_text("张小明说周五打13800138000", known) == "张*说周五打138****8000"
    assert mask_text("Ask John Smith first", known) == "Ask J*** first"
    assert mask_text("王芳", known) == "王*"
    assert mask_text("王芳香气", known) == "王芳香气"  # two characters are too often a word
    assert mask_text("张小明说") == "张小明说"


def test_mask_column_keeps_gaps() -> None:
    shown = mask_column(pd.Series(["13800138000", None, "13800138000"], index=[3, 4, 5]), "phone")
    assert shown.tolist() == ["138****8000", pd.NA, "138****8000"] and shown.index.tolist() == [3, 4, 5]
    assert mask_column(pd.Series(["打13800138000"]), "text").tolist() == ["打138****8000"]


# --- what is known of a client ----------------------------------------------


def test_known_values_are_normalised_and_leave_out_who_is_nobody() -> None:
    frame = pd.DataFrame(
        {
            "姓名": ["张小明", "鸿业商贸（虚构）", "匿名", "李", "13800138000", None, "John  Smith", "王*"],
            "电话": [
                "+86 138-0013-8000",
                "010-88886666",
                "88886666",
                "",
                None,
                "13800138000.0",
                "20251231",
                "x",
            ],
            "邮箱": ["Zhang@Example.com", "无", "", None, "", "", "", ""],
            "备注": ["证件000000199003071233", "", "", "", "", "", "", "打13900139000"],
        }
    )
    kinds = {"姓名": "name", "电话": "phone", "邮箱": "email", "备注": "text"}
    assert known_values(frame, kinds) == {
        "name": {"张小明", "john smith"},
        "phone": {"13800138000", "01088886666", "13900139000"},
        "email": {"zhang@example.com"},
        "id_number": {"000000199003071233"},
    }


def test_lookup_finds_the_longest_name_once() -> None:
    lookup = Lookup({"name": {"欧阳小", "欧阳小明"}, "phone": {"01088886666"}})
    text = "欧阳小明 010-88886666"
    assert [(kind, text[a:b]) for kind, a, b in lookup.spans(text)] == [
        ("phone", "010-88886666"),
        ("name", "欧阳小明"),
    ]
    assert list(Lookup().spans(text)) == [] and not Lookup().is_name("张三")


@pytest.mark.parametrize("name", ["张伟", "李公明", "John Cole"])
def test_persons_are_no_firms(name: str) -> None:
    assert not looks_like_firm(name)
