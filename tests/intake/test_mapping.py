"""Mapping: what a client's columns mean, and what is said when they cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from segkit.intake.mapping import (
    REQUIRED,
    Mapping,
    canonical_columns,
    mapping_from,
    suggest_mapping,
)
from segkit.intake.mapping_check import check_mapping, no_money
from segkit.intake.reading import read_table
from segkit.intake.table import Table
from segkit.problems import InputProblems

ROOT = Path(__file__).parents[2]

# made-up values by the kind of column, so that a test needs to give headings only
VALUES = {
    "id": lambda i: f"K{i % 7:03d}",
    "order": lambda i: f"2025{i:08d}",
    "date": lambda i: f"2025-03-{i % 28 + 1:02d} 10:2{i % 9}:00",
    "money": lambda i: f"{i * 3}.50",
    "phone": lambda i: f"100{i:08d}",
    "word": lambda i: "甲乙丙丁"[i % 4],
    "whole": lambda i: str(i % 5 + 1),
    "empty": lambda i: "",
}


@pytest.fixture
def table(tmp_path: Path):
    def make(columns: dict[str, str], n: int = 30) -> Table:
        lines = ["\t".join(columns)]
        lines += ["\t".join(VALUES[kind](i) for kind in columns.values()) for i in range(n)]
        path = tmp_path / "t.tsv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return read_table(path)

    return make


def ids(problems: list) -> list[str]:
    return [p.id for p in problems]


# headings as these systems export them -> what must come out
EXPORTS = {
    "plain_en": (
        {"user_id": "id", "create_time": "date", "order_id": "order", "amount": "money"},
        {"user_id": "customer_id", "create_time": "order_date", "order_id": "order_id", "amount": "amount"},
    ),
    "taobao": (
        {"订单编号": "order", "买家会员名": "id", "买家应付货款": "money", "总金额": "money", "买家实际支付金额": "money",
         "订单状态": "word", "收货人姓名": "word", "联系手机": "phone", "订单创建时间": "date", "订单付款时间": "date",
         "宝贝标题": "word", "宝贝总数量": "whole", "退款金额": "money", "店铺名称": "word"},
        {"订单编号": "order_id", "买家会员名": "customer_id", "买家实际支付金额": "amount", "订单状态": "status",
         "收货人姓名": "name", "联系手机": "phone", "订单创建时间": "order_date", "宝贝标题": "product_id",
         "宝贝总数量": "quantity", "退款金额": "refund", "店铺名称": "channel"},
    ),
    "api_names": (
        {"uid": "id", "buyer_nick": "word", "pay_time": "date", "total_fee": "money", "tid": "order"},
        {"uid": "customer_id", "pay_time": "order_date", "total_fee": "amount", "tid": "order_id"},
    ),
    "jd": (
        {"订单号": "order", "下单帐号": "id", "下单时间": "date", "订单金额": "money", "应付金额": "money",
         "客户姓名": "word", "联系电话": "phone", "商品ID": "id", "订购数量": "whole"},
        {"订单号": "order_id", "下单帐号": "customer_id", "下单时间": "order_date", "订单金额": "amount",
         "客户姓名": "name", "联系电话": "phone", "商品ID": "product_id", "订购数量": "quantity"},
    ),
    "shopify": (
        {"Order ID": "order", "Customer ID": "id", "Created at": "date", "Paid at": "date", "Total": "money",
         "Net sales": "money", "Financial Status": "word", "Email": "word", "Source": "word"},
        {"Order ID": "order_id", "Customer ID": "customer_id", "Created at": "order_date", "Net sales": "amount",
         "Financial Status": "status", "Source": "channel", "Email": "email"},
    ),
    "ledger": (
        {"单据编号": "order", "单据日期": "date", "购货单位": "word", "存货编码": "id", "数量": "whole",
         "价税合计": "money", "业务员": "word", "备注": "word"},
        {"单据编号": "order_id", "单据日期": "order_date", "购货单位": "customer_id", "存货编码": "product_id",
         "数量": "quantity", "价税合计": "amount", "业务员": "owner", "备注": "note"},
    ),
    "crm": (
        {"客户名称": "word", "联系电话": "phone", "累计消费(元)": "money", "最近下单日期": "date", "下单次数": "whole",
         "客户等级": "word", "负责人": "word", "备注": "word"},
        {"客户名称": "name", "联系电话": "phone", "累计消费(元)": "monetary", "最近下单日期": "last_order",
         "下单次数": "frequency", "客户等级": "grade", "负责人": "owner", "备注": "note"},
    ),
    "crm_other_words": (
        {"客户代码": "id", "公司": "word", "手机号码": "phone", "消费金额": "money", "最后购买时间": "date",
         "成交次数": "whole", "级别": "word", "归属销售": "word", "创建时间": "date"},
        {"客户代码": "customer_id", "公司": "name", "手机号码": "phone", "消费金额": "monetary",
         "最后购买时间": "last_order", "成交次数": "frequency", "级别": "grade", "归属销售": "owner",
         "创建时间": "register_date"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPORTS)
def test_usual_exports_are_mapped_with_no_edit(table, name: str) -> None:
    columns, wanted = EXPORTS[name]
    read = table(columns)
    mapping = suggest_mapping(read)
    assert mapping.columns == wanted
    assert check_mapping(mapping, read) == []
    assert mapping.grain == ("customers" if name.startswith("crm") else "orders")


@pytest.mark.parametrize("name", EXPORTS)
def test_every_column_has_one_guess_with_a_reason_in_both_languages(table, name: str) -> None:
    mapping = suggest_mapping(table(EXPORTS[name][0]))
    assert [g.column for g in mapping.guesses] == list(EXPORTS[name][0])
    for guess in mapping.guesses:
        assert 0 <= guess.confidence <= 1
        assert (guess.confidence > 0) == (guess.field is not None)
        assert guess.text("zh") and guess.text("en")
    taken = [g.field for g in mapping.guesses if g.field]
    assert len(taken) == len(set(taken))


def test_the_real_orders_need_no_edit() -> None:
    path = ROOT.parent / "shared" / "data" / "cn_orders_2018.csv"
    if not path.exists():
        pytest.skip("the real order file is not on this machine")
    read = read_table(path)
    assert len(read.frame) == 76_050
    mapping = suggest_mapping(read)
    assert mapping.columns == {
        "user_id": "customer_id", "create_time": "order_date", "order_id": "order_id", "amount": "amount"
    }  # fmt: skip
    assert (read.frame["create_time"] == "").sum() == 2
    assert (read.frame["amount"] == "").sum() == 7


@pytest.mark.parametrize("name", ["export_gbk.csv", "export.xlsx"])
def test_the_sample_export_is_mapped_as_its_truth_says(name: str) -> None:
    folder = ROOT / "datasets"
    if not (folder / "client_export" / name).exists():
        pytest.skip("the sample data is not built: python start.py data")
    truth = yaml.safe_load((folder / "_truth" / "client_export_mapping.yml").read_text(encoding="utf-8"))
    read = read_table(folder / "client_export" / name)
    assert len(read.frame) == 1_050
    assert suggest_mapping(read).columns == truth[name]


def test_net_paid_comes_before_list_price_and_the_reason_says_so(table) -> None:
    mapping = suggest_mapping(
        table({"客户编号": "id", "下单时间": "date", "原价": "money", "实付款(元)": "money"})
    )
    guess = next(g for g in mapping.guesses if g.column == "实付款(元)")
    assert (guess.field, guess.reason_id, guess.facts["others"]) == ("amount", "mapping.reason.net", ["原价"])
    assert "原价" in guess.text("zh") and "原价" in guess.text("en")


def test_a_refund_column_is_not_an_amount(table) -> None:
    mapping = suggest_mapping(
        table({"uid": "id", "order_date": "date", "refund_amount": "money", "paid_amount": "money"})
    )
    assert mapping.column("refund") == "refund_amount"
    assert mapping.column("amount") == "paid_amount"


def test_two_columns_that_claim_a_required_meaning_are_both_named(table) -> None:
    read = table(
        {"客户编号": "id", "会员编号": "id", "下单日期": "date", "实付金额": "money", "实收金额": "money"}
    )
    mapping = suggest_mapping(read)
    problems = check_mapping(mapping, read)
    assert ids(problems) == ["mapping.conflict", "mapping.conflict"]
    assert {p.facts["field"]: p.facts["columns"] for p in problems} == {
        "customer_id": ["客户编号", "会员编号"],
        "amount": ["实付金额", "实收金额"],
    }
    assert "customer_id" not in mapping.columns.values()
    for column in ("客户编号", "会员编号"):
        assert column in problems[0].text("zh") or column in problems[1].text("zh")


def test_of_two_columns_with_an_optional_meaning_the_fuller_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "uid,order_date,amount,手机,联系电话\n1,2025-01-01,1.5,,10000000001\n2,2025-01-02,2.5,10000000002,10000000003\n",
        encoding="utf-8",
    )
    mapping = suggest_mapping(read_table(path))
    assert mapping.column("phone") == "联系电话"
    assert [(n.id, n.column, n.facts["taken"], n.facts["n"], n.facts["left"]) for n in mapping.notes] == [
        ("mapping.fuller", "手机", "联系电话", 2, 1)
    ]


def test_no_customer_and_no_amount_are_said_together(table) -> None:
    read = table({"下单日期": "date", "天气": "word", "温度": "whole"})
    assert ids(check_mapping(suggest_mapping(read), read)) == [
        "mapping.missing_customer_id",
        "mapping.missing_amount",
    ]


def test_a_near_miss_is_proposed(table) -> None:
    read = table({"客户编马": "word", "下单日期": "date", "金额": "money"})
    problem = check_mapping(suggest_mapping(read), read)[0]
    assert problem.id == "mapping.missing_customer_id_near"
    assert "客户编马" in problem.text("zh") and "客户编马" in problem.text("en")


def test_without_a_number_the_phone_says_who_the_customer_is(table) -> None:
    read = table({"收货人": "word", "手机": "phone", "下单日期": "date", "金额": "money"})
    mapping = suggest_mapping(read)
    assert check_mapping(mapping, read) == []
    assert {g.column: g.reason_id for g in mapping.guesses}["手机"] == "mapping.reason.stand_in"


def test_a_customer_list_beside_orders_needs_no_amounts(table) -> None:
    read = table({"客户编号": "id", "城市": "word", "注册日期": "date"})
    mapping = suggest_mapping(read)
    assert mapping.grain == "customers"
    assert check_mapping(mapping, read, alone=False) == []


@pytest.mark.parametrize(
    ("headings", "wanted"),
    [
        ({"患者编号": "id", "年龄": "whole", "空腹血糖": "money", "入组日期": "date"}, []),
        ({"客户编号": "id", "最近下单日期": "date"}, ["mapping.missing_monetary"]),
        ({"客户编号": "id", "城市": "word", "累积消费金额": "money"}, ["mapping.missing_monetary_near"]),
    ],
)
def test_customers_alone_need_no_money_unless_they_look_like_buyers(table, headings, wanted) -> None:
    read = table(headings)
    mapping = suggest_mapping(read, "customers")
    assert "monetary" not in mapping.columns.values()
    assert ids(check_mapping(mapping, read)) == wanted
    note = no_money(mapping, read)
    assert note is not None and note.text("zh") and note.text("en")
    given = mapping_from(read, {next(iter(headings)): "customer_id"}, "customers")
    assert check_mapping(given, read) == []


@pytest.mark.parametrize(
    "headings",
    [
        {
            "客户编号": "id",
            "客户名称": "word",
            "联系人": "word",
            "电话": "phone",
            "地址": "word",
            "业务员": "word",
        },
        {"customer_id": "id", "company": "word", "phone": "phone", "status": "word", "source": "word"},
        {"编号": "order", "名称": "word", "状态": "word"},
        {"客户编号": "id", "客户名称": "word", "生日": "date"},
        {"客户编号": "id", "客户名称": "word", "创建时间": "date", "状态": "word"},
    ],
)
def test_a_list_without_days_or_money_is_a_list_of_customers(table, headings: dict[str, str]) -> None:
    read = table(headings)
    mapping = suggest_mapping(read)
    assert mapping.grain == "customers"
    assert check_mapping(mapping, read, alone=False) == []


@pytest.mark.parametrize(
    "headings",
    [
        {"客户编号": "id", "啥时候": "date", "多少钱": "money"},
        {"客户编号": "id", "创建时间": "date", "金额": "money"},
        {"客户编号": "id", "下单日期": "date"},
        {"客户编号": "id", "订单号": "order"},
    ],
)
def test_what_has_a_day_and_money_or_an_order_number_is_orders(table, headings: dict[str, str]) -> None:
    assert suggest_mapping(table(headings)).grain == "orders"


def test_a_name_like_number_1001_is_the_orders(tmp_path: Path) -> None:
    lines = ["Name,Email,Created at,Total"]
    lines += [f"#{1000 + i},a{i}@example.com,2025-03-0{i % 9 + 1},{i}.50" for i in range(20)]
    path = tmp_path / "o.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    columns = suggest_mapping(read_table(path)).columns
    assert columns["Name"] == "order_id" and "name" not in columns.values()
    path.write_text("\n".join(lines).replace("#", "Ann No. "), encoding="utf-8")
    assert suggest_mapping(read_table(path)).columns["Name"] == "name"


def test_unknown_headings_are_told_by_their_values(table) -> None:
    read = table({"哪个人id": "id", "啥时候": "date", "多少钱": "money", "其他": "word"})
    mapping = suggest_mapping(read, "orders")
    assert mapping.columns == {"哪个人id": "customer_id", "啥时候": "order_date", "多少钱": "amount"}
    assert all(g.confidence < 0.6 for g in mapping.guesses)


def test_a_heading_whose_values_say_otherwise_gives_way(table) -> None:
    read = table({"客户编号": "id", "订单日期": "word", "付款时间": "date", "金额": "money"})
    assert suggest_mapping(read).column("order_date") == "付款时间"


def test_an_empty_column_gives_way(table) -> None:
    read = table({"客户编号": "empty", "会员名": "id", "下单日期": "date", "金额": "money"})
    assert suggest_mapping(read).column("customer_id") == "会员名"


def test_a_bare_number_that_never_repeats_is_the_orders(table) -> None:
    read = table({"编号": "order", "客户": "word", "日期": "date", "金额": "money"})
    assert suggest_mapping(read).columns["编号"] == "order_id"
    read = table({"编号": "id", "日期": "date", "金额": "money"})
    assert suggest_mapping(read).columns["编号"] == "customer_id"


def test_attributes_that_end_like_a_known_word_stay_attributes(table) -> None:
    read = table(
        {
            "customer_id": "id",
            "city_tier": "word",
            "plus_member": "word",
            "城市等级": "word",
            "累计消费": "money",
        }
    )
    assert set(suggest_mapping(read, "customers").columns) == {"customer_id", "累计消费"}


# --- the user's own mapping -----------------------------------------------------

OWN = {"客户编号": "id", "付款时间": "date", "实付款(元)": "money"}


def test_the_users_mapping_is_taken_as_it_stands(table) -> None:
    mapping = mapping_from(
        table(OWN), {"客户编号": "customer_id", "付款时间": "order_date", "实付款(元)": "amount"}, "orders"
    )
    assert mapping == Mapping("orders", mapping.columns, mapping.guesses, ())
    assert mapping.columns == {"客户编号": "customer_id", "付款时间": "order_date", "实付款(元)": "amount"}
    assert {g.confidence for g in mapping.guesses} == {1.0}


def test_width_blanks_and_case_are_tolerated_with_a_note(table) -> None:
    mapping = mapping_from(
        table(OWN), {"客户 编号": "customer_id", "付款时间": "order_date", "实付款（元）": "amount"}, "orders"
    )
    assert set(mapping.columns) == set(OWN)
    assert [n.id for n in mapping.notes] == ["mapping.spelling", "mapping.spelling"]


def test_everything_wrong_is_said_at_once_each_with_a_proposal(table) -> None:
    with pytest.raises(InputProblems) as caught:
        mapping_from(
            table(OWN),
            {"会员编号": "customer_id", "付款时间": "orderdate", "实付款(元)": "金额", "xyz": "zzz"},
            "orders",
        )
    problems = caught.value.problems
    assert ids(problems) == [
        "mapping.no_heading_near", "mapping.no_field_near", "mapping.no_field_near", "mapping.no_heading",
        "mapping.no_field",
    ]  # fmt: skip
    assert problems[0].facts["near"] == ["客户编号"]
    assert problems[1].facts["near"][0] == "order_date"
    assert problems[2].facts["near"] == ["amount"]
    text = caught.value.text("zh")
    assert "客户编号" in text and "order_date" in text and text.startswith("5")


def test_naming_a_required_meaning_twice_is_a_conflict(table) -> None:
    read = table(OWN | {"应付": "money"})
    mapping = mapping_from(
        read,
        {"客户编号": "customer_id", "付款时间": "order_date", "实付款(元)": "amount", "应付": "amount"},
        "orders",
    )
    assert ids(check_mapping(mapping, read)) == ["mapping.conflict"]


def test_required_columns_are_canonical() -> None:
    for grain, names in REQUIRED.items():
        assert set(names) <= set(canonical_columns(grain))
