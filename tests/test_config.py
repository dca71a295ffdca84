"""client.yml: what is refused and in which words, what is mended, and what `init` writes reads back the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segkit.config import Column, Config, Draft, client_id, draft, load_config, parse_config
from segkit.locale import LANGS, Lang
from segkit.problems import InputProblems

SMALL = "client: {id: a}\ninput: {orders: orders.csv}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("orders.csv", "export_gbk.csv", "客户.xlsx", "logo.png"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "客户").mkdir()
    (tmp_path / "客户" / "导出.xlsx").write_text("x", encoding="utf-8")
    return tmp_path


def problems_of(text: str, folder: Path) -> list[tuple[str, str, int | None]]:
    """Message id, English words and row of everything wrong with `text`."""
    with pytest.raises(InputProblems) as caught:
        parse_config(text, folder / "client.yml")
    assert all(p.file == "client.yml" for p in caught.value.problems)
    assert all(p.text("zh") for p in caught.value.problems)
    return [(p.id, p.text("en"), p.row) for p in caught.value.problems]


# --- reading ----------------------------------------------------------------


def test_small_config_stands_at_its_defaults(folder: Path) -> None:
    config = parse_config(SMALL, folder / "client.yml")
    assert config.client.name == "a"
    assert config.input.paths("orders", config.folder) == [folder / "orders.csv"]
    assert config.input.paths("customers", config.folder) == []
    assert (config.as_of, config.playbook, config.schemes, config.mapping) == (None, "general", {}, {})
    assert (config.followup.consent, config.followup.holdout, config.followup.days) == ("unknown", 0, 20)
    assert config.followup.team is None and config.followup.start is None
    assert (config.privacy.contacts, config.crm.targets, config.notes) == ("none", ["generic"], ())
    assert config.path == folder / "client.yml" and config.folder == folder


def test_every_key_of_the_format(folder: Path) -> None:
    text = """
client: {id: hongye, name: 鸿业商贸（虚构）}
lang: en
as_of: 2025-12-31
purpose: 先看谁
input: {orders: [orders.csv, '*.csv'], customers: 客户.xlsx, leads: null, engine: polars}
mapping: {orders: {会员编号: customer_id, 实付款(元): amount, 备注: null}, customers: {id: customer_id}}
playbook: ./mine.yml
schemes: {rfm: {kind: rfm, segments: eight, bins: 5, cuts: [0.7, .9], on: yes, flag: true, code: 007}}
followup:
  consent: yes
  holdout: 0.1
  start: "2026-01-05"
  days: 10
  team: [{id: zhang, minutes: 300, channels: [phone, email], regions: []}, {id: li}]
  calendar: {holidays: [2026-01-06, 2026/1/7], workdays: 2026-01-10}
crm: {targets: generic}
privacy: {contacts: real, reason: 回访, person: 王五, not_personal: 订单号}
brand: {logo: logo.png, accent: '#1F4E79'}
findings: [{id: top, claim: 前 20% 的客户}]
"""
    text = text.replace("workdays: 2026-01-10", "workdays: [2026-01-10]")
    config = parse_config(text, folder / "client.yml")
    assert config.notes == ()
    assert config.as_of == dt.date(2025, 12, 31)
    assert config.mapping["orders"] == {"会员编号": "customer_id", "实付款(元)": "amount", "备注": None}
    # numbers are numbers where rooms below check them; words and leading zeros stay as written
    assert config.schemes["rfm"] == {
        "kind": "rfm", "segments": "eight", "bins": 5, "cuts": [0.7, 0.9], "on": "yes", "flag": True, "code": "007"
    }  # fmt: skip
    assert config.followup.consent == "yes"
    assert config.followup.start == dt.date(2026, 1, 5)
    assert [(m.id, m.minutes) for m in config.followup.team or []] == [("zhang", 300), ("li", 240)]
    assert config.followup.calendar.holidays == [dt.date(2026, 1, 6), dt.date(2026, 1, 7)]
    assert config.privacy.not_personal == ["订单号"]
    assert config.findings == [{"id": "top", "claim": "前 20% 的客户"}]


def test_values_are_not_taken_for_something_else(folder: Path) -> None:
    text = "client: {id: 007, name: no}\npurpose: 2025\ninput: {orders: orders.csv}\n"
    config = parse_config(text, folder / "client.yml")
    assert (config.client.id, config.client.name, config.purpose) == ("007", "no", "2025")


def test_empty_keys_stand_at_their_default(folder: Path) -> None:
    text = "client: {id: a, name: }\nbrand:\nmapping:\n  orders:\nfollowup:\n  team:\ninput: {orders: orders.csv}\n"
    assert parse_config(text, folder / "client.yml").mapping == {}


@pytest.mark.parametrize("written", ["2025-12-31", "2025/12/31", "2025.12.31", "20251231", "2025年12月31日"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_dates_as_people_write_them(folder: Path, written: str, quote: str) -> None:
    config = parse_config(f"{SMALL}as_of: {quote}{written}{quote}\n", folder / "client.yml")
    assert config.as_of == dt.date(2025, 12, 31)


@pytest.mark.parametrize(
    "written", ["2025/13/45", "2025-13-45", "31/12/2025", "2025-02-30", "today", "25-1-1", "0001-01-01"]
)
def test_bad_dates_are_named_with_their_key(folder: Path, written: str) -> None:
    ((id, words, row),) = problems_of(f"{SMALL}as_of: {written}\n", folder)
    assert (id, row) == ("config.bad_date", 3)
    assert "as_of" in words and written in words


def test_config_survives_json(folder: Path) -> None:
    text = (
        f"{SMALL}as_of: 2025-12-31\nfollowup: {{start: 2026-01-05, calendar: {{holidays: [2026-01-06]}}}}\n"
    )
    config = parse_config(text, folder / "client.yml")
    again = Config.model_validate_json(config.model_dump_json()).at(config.folder)
    assert again == config and again.folder == folder


def test_config_for_one_file(folder: Path) -> None:
    config = Config.for_file(folder / "export_gbk.csv", grain="customers", lang="en")
    assert (config.client.id, config.client.name, config.lang) == ("export_gbk", "export_gbk", "en")
    assert config.input.paths("customers", config.folder) == [folder / "export_gbk.csv"]


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("CON", "con-1"),
        ("A/B公司", "a-b-05c8ac"),
        ("鸿业商贸", "client-9d2059"),
        ("Café No.1", "cafe-no-1"),
        ("x" * 99, "x" * 40),
    ],
)
def test_ids_made_of_names_can_name_a_folder(folder: Path, name: str, id: str) -> None:
    assert client_id(name) == id
    parse_config(SMALL.replace("id: a", f"id: {id}"), folder / "client.yml")


# --- problems ---------------------------------------------------------------


def test_every_problem_at_once(folder: Path) -> None:
    text = """
client: {id: CON}
langg: zh
语言: en
as_of: 2025/13/45
input: {orders: [order.csv, export_gb.csv, '*.parquet'], engine: panda}
followup: {holdout: 10%, days: 0, team: [{id: a, minutes: many, channels: [fone]}]}
holdout: .1
privacy: {contacts: real}
brand: {accent: red, logo: logo.jpg}
crm: generic
purpose: [a, b]
"""
    found = problems_of(text, folder)
    assert [(id, row) for id, _, row in found] == [
        ("config.client_id", 2),
        ("config.unknown_key_near", 3),
        ("config.unknown_key_near", 4),
        ("config.bad_date", 5),
        ("config.not_one_of_near", 6),
        ("config.no_input_file_near", 6),
        ("config.no_input_file_near", 6),
        ("config.no_match", 6),
        ("config.not_number", 7),
        ("config.out_of_range", 7),
        ("config.not_whole_number", 7),
        ("config.not_one_of_near", 7),
        ("config.key_elsewhere", 8),
        ("config.real_contacts", 9),
        ("config.not_a_colour", 10),
        ("config.no_input_file_near", 10),
        ("config.not_block", 11),
        ("config.not_text", 12),
    ]
    words = "\n".join(w for _, w, _ in found)
    for fix in ("con-1", "Did you mean lang?", "pandas?", "orders.csv?", "export_gbk.csv?", "logo.png?"):
        assert fix in words
    assert "followup.team[1].minutes" in words and "followup.holdout" in words


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("as_off", "as_of"),
        ("asof", "as_of"),
        ("AS-OF", "as_of"),
        ("截止日", "as_of"),
        ("客户", "client"),
        ("maping", "mapping"),
        ("Findings", "findings"),
        ("follow-up", "followup"),
        ("订单", None),
        ("xyzzy", None),
    ],
)
def test_misspelt_keys(folder: Path, key: str, meant: str | None) -> None:
    ((id, words, row),) = problems_of(f"{SMALL}{key}: x\n", folder)
    assert row == 3 and key in words
    if meant:
        assert id == "config.unknown_key_near" and f"Did you mean {meant}?" in words


def test_chinese_key_below_input(folder: Path) -> None:
    found = problems_of("client: {id: a}\ninput: {订单: orders.csv}\n", folder)
    assert found[0][0] == "config.unknown_key_near" and "Did you mean orders?" in found[0][1]


def test_mapping_without_a_grain_is_one_problem(folder: Path) -> None:
    ((id, words, _),) = problems_of(f"{SMALL}mapping: {{会员编号: customer_id, 金额: amount}}\n", folder)
    assert id == "config.mapping_grain" and "会员编号, 金额" in words


@pytest.mark.parametrize(
    ("text", "id", "row"),
    [
        ("", "config.nothing", None),
        ("# only a remark\n", "config.nothing", None),
        ("just text", "config.no_keys", None),
        ("- a\n- b\n", "config.no_keys", None),
        ("client: {id: a}\n", "config.no_input", None),
        ("client: {id: a}\ninput: {orders: []}\n", "config.no_input", 2),
        ("input: {orders: orders.csv}\n", "config.missing_key", None),
        ("client: {}\ninput: {orders: orders.csv}\n", "config.missing_key", 1),
        (SMALL + "lang: zh\nlang: en\n", "config.twice", 4),
        (SMALL + "followup:\n  days: 1\n  days: 2\n", "config.twice", 5),
        ("client: {id: a\ninput: {orders: orders.csv}\n", "config.syntax.bracket", 1),
        (SMALL + 'purpose: "no end\nlang: zh\n', "config.syntax.quote", 3),
        (SMALL + "purpose: a: b\n", "config.syntax.second_colon", 3),
        ("client:\n    id: a\n  name: b\n", "config.syntax.indent", 3),
        (SMALL + "purpose: @me\n", "config.syntax.first_sign", 3),
        (SMALL + "purpose: *me\n", "config.syntax.first_sign", 3),
        (SMALL + "purpose\nlang: zh\n", "config.syntax.no_colon", 3),
        (SMALL + "purpose: a\x07b\n", "config.syntax.unprintable", 3),
        (SMALL + "---\nlang: zh\n", "config.syntax.document", 3),
        (SMALL + "privacy: {not_personal: {a: b}}\n", "config.not_list", 3),
        (SMALL + "followup: {team: [{id: a}, {id: a}]}\n", "config.member_twice", 3),
        (
            SMALL + "followup: {calendar: {holidays: [2026-01-05], workdays: [2026-01-05]}}\n",
            "config.day_twice",
            3,
        ),
        (SMALL + "lang: fr\n", "config.not_one_of", 3),
        (SMALL + "schemes: {rfm: eight}\n", "config.not_block", 3),
        (SMALL + "followup: {holdout: 1}\n", "config.out_of_range", 3),
    ],
)
def test_what_is_refused_and_where(folder: Path, text: str, id: str, row: int | None) -> None:
    first = problems_of(text, folder)[0]
    assert (first[0], first[2]) == (id, row)


def test_a_bomb_of_references_is_refused(folder: Path) -> None:
    text = "a: &a [x, x]\nb: &b [*a, *a]\nclient: {id: a}\n"
    assert problems_of(text, folder)[0][0] == "config.syntax.first_sign"


def test_tags_run_nothing(folder: Path) -> None:
    text = SMALL + "purpose: !!python/object/apply:os.getcwd []\n"
    assert problems_of(text, folder)[0][0] == "config.not_text"


def test_missing_config_proposes_a_neighbour(folder: Path) -> None:
    (folder / "client.yml").write_text(SMALL, encoding="utf-8")
    for path, id in (
        (folder / "cliemt.yml", "config.no_file_near"),
        (folder / "nothing" / "like.it", "config.no_file"),
        (folder / "客户", "config.is_folder"),
    ):
        with pytest.raises(InputProblems) as caught:
            load_config(path)
        assert [p.id for p in caught.value.problems] == [id]


def test_a_data_file_given_as_config_is_not_read_as_one(folder: Path) -> None:
    (folder / "big.yml").write_bytes(b"a,b\n" * 400_000)
    (folder / "photo.yml").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(128, 256)) * 9)
    for name, id in (("big.yml", "config.too_large"), ("photo.yml", "config.encoding")):
        with pytest.raises(InputProblems) as caught:
            load_config(folder / name)
        assert [p.id for p in caught.value.problems] == [id]


def test_folders_patterns_and_windows_paths_are_found(folder: Path) -> None:
    text = "client: {id: a}\ninput: {orders: ['*.csv', 客户, '客户\\导出.xlsx']}\n"
    config = parse_config(text, folder / "client.yml")
    paths = config.input.paths("orders", config.folder)
    assert paths[0] == folder / "*.csv" and paths[1].is_dir() and paths[2].is_file()


# --- as Notepad saves it ----------------------------------------------------

NOTEPAD = """client：｛id：hongye，name：“鸿业商贸（虚构）”｝
lang:zh
as_of：2025/12/31　＃ 截止日
purpose：先看“重要客户”，再看谁：老客户
input：
\torders：［orders.csv，"客户\\导出.xlsx"］
mapping：
\torders：
\t\t会员编号:customer_id
\t\t付款时间：order_date
\t\t实付款（元）：amount
followup：{days:10，team：[{id：zhang，minutes：300}]}
privacy: {not_personal: [订单号，单号]}
"""


def test_full_width_signs_tabs_and_glued_colons_are_read_as_meant(folder: Path) -> None:
    config = parse_config(NOTEPAD, folder / "client.yml")
    assert config.client.id == "hongye" and config.client.name == "鸿业商贸（虚构）"
    assert config.as_of == dt.date(2025, 12, 31)
    assert config.purpose == "先看“重要客户”，再看谁：老客户"
    assert [p.exists() for p in config.input.paths("orders", config.folder)] == [True, True]
    assert config.mapping["orders"] == {
        "会员编号": "customer_id", "付款时间": "order_date", "实付款（元）": "amount"
    }  # fmt: skip
    assert config.followup.days == 10 and (config.followup.team or [])[0].minutes == 300
    assert config.privacy.not_personal == ["订单号", "单号"]
    assert {n.id.rpartition(".")[2]: n.facts["lines"] for n in config.notes} == {
        "full_width": [1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13],
        "curly": [1],
        "glued": [2, 9, 12],
        "tabs": [6, 8, 9, 10, 11],
        "backslash": [6],
    }
    assert all(n.text(lang) for n in config.notes for lang in LANGS)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", None),
        ("utf-8-sig", "UTF-8 BOM"),
        ("gb18030", "GBK"),
        ("utf-16", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends(folder: Path, encoding: str, note: str | None, newline: str) -> None:
    text = "client: {id: a, name: 鸿业商贸（虚构）}\ninput: {orders: 客户.xlsx}\n".replace("\n", newline)
    (folder / "client.yml").write_bytes(text.encode(encoding))
    config = load_config(folder / "client.yml")
    assert config.client.name == "鸿业商贸（虚构）"
    assert [n.facts["encoding"] for n in config.notes] == ([note] if note else [])


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (r'"D:\客户\new\table.xlsx"', r"D:\客户\new\table.xlsx"),
        (r'"data\new.csv"', r"data\new.csv"),
        (r'"\\server\share\a.csv"', r"\\server\share\a.csv"),
        (r'"D:\客户\"', "D:\\客户\\"),
        (r'"D:\\客户\\a.xlsx"', r"D:\客户\a.xlsx"),
        ("“D:\\客户\\导出.xlsx”", r"D:\客户\导出.xlsx"),
        ('"鸿业”', "鸿业"),
        ("‘鸿业’", "鸿业"),
        ("“老客户”为何流失", "“老客户”为何流失"),
        ("“老”客户和“新”客户", "“老”客户和“新”客户"),
        ("甲，乙：丙", "甲，乙：丙"),
        ("“甲”  # 备注", "甲"),
        ("第 ＃1 名", "第"),
        ("选＃1", "选＃1"),
        ("'it''s “so”'", "it's “so”"),
        (r'"a\tb"', "a\tb"),
        ("说明 ［甲］｛乙｝", "说明 ［甲］｛乙｝"),
        ("10:30", "10:30"),
        ("https://example.com/a", "https://example.com/a"),
    ],
)
def test_values_are_mended_only_where_a_sign_of_yaml_is_meant(folder: Path, value: str, read: str) -> None:
    config = parse_config(f"{SMALL}purpose: {value}\n", folder / "client.yml")
    assert config.purpose == read
    in_flow = parse_config(f"{SMALL}brand: {{}}\npurpose: {value}\nlang: zh\n", folder / "client.yml")
    assert in_flow.purpose == read


def test_commas_of_prose_inside_brackets_stay(folder: Path) -> None:
    text = SMALL + "findings: [{claim: 前 20% 贡献 71%，应优先，action：先打}]\n"
    config = parse_config(text, folder / "client.yml")
    assert config.findings == [{"claim": "前 20% 贡献 71%，应优先", "action": "先打"}]


def test_running_text_over_several_lines_is_left_alone(folder: Path) -> None:
    text = SMALL + 'purpose: |\n  先看：谁\n\t制表：符\n  "D:\\x" ＃1\nlang: zh\n'
    text = text.replace("\n\t制", "\n  \t制")
    config = parse_config(text, folder / "client.yml")
    assert config.purpose == '先看：谁\n\t制表：符\n"D:\\x" ＃1\n' and config.notes == ()
    quoted = SMALL + 'purpose: "先看：\n  谁，谁"\n'
    assert parse_config(quoted, folder / "client.yml").purpose == "先看： 谁，谁"


def test_text_that_only_reads_unmended_is_read_unmended(folder: Path) -> None:
    text = SMALL + "purpose: 长\n  说明：见 附件\nas_of：2025-01-01\n"
    with pytest.raises(InputProblems):  # a full-width colon is no YAML either way
        parse_config(text, folder / "client.yml")
    assert (
        parse_config(SMALL + "purpose: 长\n  说明：见 附件\n", folder / "client.yml").purpose
        == "长 说明：见 附件"
    )


LOOK_ALIKES = "\\\u3000\u00a0：，＃－｛｝［］“”„＂‘’"  # signs the mending takes for YAML's own
plain_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=LOOK_ALIKES), max_size=40)
plain_text = plain_text.filter(lambda text: text[1:2] != ":")  # a drive of Windows, and an escape after it


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(plain_text, st.one_of(plain_text, st.lists(plain_text, max_size=3)), max_size=4))
def test_clean_yaml_is_never_changed(folder: Path, values: dict[str, object]) -> None:
    """Whatever a YAML writer puts out, look-alikes apart, loads as any YAML reader loads it."""
    for flow in (None, False):  # None: inner lists and blocks in brackets
        dumped = yaml.safe_dump({"schemes": {"x": values}}, allow_unicode=True, default_flow_style=flow)
        config = parse_config(SMALL + dumped, folder / "client.yml")
        assert config.schemes == yaml.safe_load(dumped)["schemes"]
        assert config.notes == ()


# --- what init writes -------------------------------------------------------

NASTY = [
    "实付款: 元", "a#b", " # x", "- 客户", "? 客户", "D:\\客户\\n.csv", "D:\n", 'say "x"', "it's", "“金额”", "列：甲，乙", "{x}",
    "[x]", "yes", "No", "null", "~", "123", "1e5", "2025-12-31", "0o7", "两行\n表头", "tab\there", "\u2028", "\x07", "\x85",
    "＃1", "\U0001f600", "a: b: c", "%a", "@a", "`a", "!a", "&a", "*a", "|", ">", "x" * 1500, " 前后 ", "<<", "=", ":", "\ufeff",
]  # fmt: skip
headings = st.one_of(
    st.sampled_from(NASTY),
    st.text(
        st.sampled_from("客户:：#＃'\"“”‘’\\{}[]｛｝［］,，-?! \n\t\u3000aA1&*|>%@`~"),
        min_size=1,
        max_size=12,
    ),
    st.text(min_size=1, max_size=12),
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(headings, min_size=1, max_size=5, unique=True), headings, st.sampled_from(LANGS))
@example(NASTY, 'D:\\"\n', "zh")
def test_what_init_writes_reads_back_without_note_and_loss(
    folder: Path, names: list[str], name: str, lang: Lang
) -> None:
    columns = [Column(n, f"c{i}", 0.6, n, n, n if i % 2 else "") for i, n in enumerate(names)]
    columns.insert(0, Column(name + "?", None, reason="\n" + name))
    schemes = {"rfm": {"kind": "rfm", "segments": name, "cuts": [0.7, 1], "of": None, "on": True}}
    facts = Draft("hongye", name, lang, {"orders": ["orders.csv"]}, {"orders": columns}, schemes=schemes)
    config = parse_config(draft(facts), folder / "client.yml")
    assert config.notes == ()
    assert config.client.name == name
    assert config.mapping["orders"] == {n: f"c{i}" for i, n in enumerate(names)}
    assert config.schemes == schemes
    # any other YAML reader sees the same headings
    assert list(yaml.safe_load(draft(facts))["mapping"]["orders"]) == names


@pytest.mark.parametrize("lang", LANGS)
def test_the_draft_says_what_was_guessed(folder: Path, lang: Lang) -> None:
    columns = [
        Column("会员编号", "customer_id", 0.98, "同义词", "C0***23"),
        Column("金额", "amount", 0.5, question="含税吗？"),
        Column("备注", None),
    ]
    facts = Draft(
        "hongye", "鸿业", lang, {"orders": ["orders.csv", "export_gbk.csv"], "customers": []}, {"orders": columns},
        start=dt.date(2026, 1, 5), as_of_guess=dt.date(2025, 12, 30),
    )  # fmt: skip
    text = draft(facts)
    config = parse_config(text, folder / "client.yml")
    assert config.followup.start == dt.date(2026, 1, 5) and config.as_of is None
    assert config.lang == lang and config.input.customers == []
    for words in ("98%", "同义词", "C0***23", "含税吗？", "# 备注: ", "# as_of: 2025-12-30"):
        assert words in text
    assert text.isascii() is False and ("Please confirm" in text) is (lang == "en")


def test_what_init_writes_may_be_saved_by_notepad_again(folder: Path) -> None:
    facts = Draft("a", "鸿业", "zh", {"orders": ["orders.csv"]}, {"orders": [Column("金额：元", "amount")]})
    (folder / "client.yml").write_bytes(draft(facts).replace("\n", "\r\n").encode("utf-8-sig"))
    config = load_config(folder / "client.yml")
    assert [n.id for n in config.notes] == ["config.mended.encoding"]
    assert config.mapping == {"orders": {"金额：元": "amount"}}
