"""The cards for the visit: who gets one, one page each, the right figures, and nothing that must not leave the house."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from test_records import MAIL, PHONE, last_month, study_of

from segkit.privacy.scan import leaks
from segkit.report.cards import CARDS, key_accounts, one_a_line, visit_cards, write_cards
from segkit.report.records import customer_records
from segkit.report.render.visit_cards import render_cards
from segkit.report.study import Study

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
LONG = "很长很长的名字" * 40 + "有限公司（虚构）"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of(tmp_path_factory.mktemp("cards"))


def with_log(study: Study) -> Study:
    """With contacts and complaints of every customer, all in somebody's own words."""
    ids = study.customers["customer_id"].tolist()
    contacts = pd.DataFrame(
        {
            "customer_id": ids * 4,
            "date": [pd.Timestamp(f"2025-1{k}-05") for k in (0, 1, 2, 2) for _ in ids],
            "channel": "phone",
            "outcome": "已接通",
            "owner": "R1",
            "note": f"打 {PHONE}",
        }
    )
    complaints = pd.DataFrame(
        {"customer_id": ids, "opened_at": pd.Timestamp("2025-12-21"), "closed_at": pd.NaT, "severity": "一般"}
    )
    return replace(study, tables={"contacts": contacts, "complaints": complaints})


def as_key_accounts(study: Study, n: int) -> Study:
    """The first `n` customers are of the best class, nobody else."""
    main, scheme = study.segmentation.main, study.segmentation.main_scheme
    best, *others = [label for label in scheme.order() if label not in ("prospect", "unknown")]
    labels = [best if i < n else others[-1] for i in range(len(study.customers))]
    customers = study.customers.assign(**{main: labels})
    model = study.model.model_copy(deep=True)
    return replace(study, customers=customers, model=model)


def drawn(study: Study, folder: Path) -> tuple[pd.DataFrame, str]:
    """The facts and the page."""
    cards = visit_cards(study, customer_records(study))
    write_cards(study, cards)
    study.mark_segments([*study.segmentation.main_scheme.order()])
    out = folder / "cards.html"
    assert render_cards(study.model, study.folder, out)
    return cards, out.read_text(encoding="utf-8")


def pages(out: Path) -> int:
    """How many pages a browser prints."""
    sync = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium to print with")
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(out.as_uri())
        pdf = page.pdf(prefer_css_page_size=True)
        cut = page.evaluate(
            "[...document.querySelectorAll('.card')].filter(c => c.scrollHeight > c.clientHeight + 1).length"
        )
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert cut == 0, "nothing may lie below the edge of a page"
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def plain(page: str) -> str:
    body = page.split("<body>")[1]
    return unescape(re.sub(r"<[^>]+>", " ", body))


def part(cards: pd.DataFrame, name: str, card: int = 1) -> pd.DataFrame:
    return cards[(cards["part"] == name) & (cards["card"] == card)]


# --- who gets one ----------------------------------------------------------------------------------


def test_the_best_class_has_cards_the_most_valuable_first(shop: Study) -> None:
    some = as_key_accounts(shop, 7)
    assert key_accounts(some)["monetary"].is_monotonic_decreasing
    assert set(key_accounts(some)["customer_id"]) == set(some.customers["customer_id"].head(7))


def test_labels_the_policy_names_come_before_the_best_class(shop: Study) -> None:
    some = as_key_accounts(shop, 7)
    other = some.customers[some.segmentation.main].iloc[-1]
    named = replace(some, policy=some.policy.model_copy(update={"never_held": (other,)}))
    assert set(key_accounts(named)[some.segmentation.main]) == {other}


def test_there_are_no_more_cards_than_the_limit_and_none_for_who_did_not_consent(shop: Study) -> None:
    many = as_key_accounts(shop, 40)
    cards = visit_cards(many, customer_records(many))
    assert cards["card"].max() == cards["customer_id"].nunique() == CARDS
    first = cards["customer_id"].iloc[0]
    without = replace(many, segmentation=replace(many.segmentation, withheld=frozenset({first})))
    assert first not in set(visit_cards(without, customer_records(without))["customer_id"])


def test_of_few_customers_those_that_stand_first_have_a_card(tmp_path: Path) -> None:
    few = study_of(tmp_path, n=6)
    cards = visit_cards(few, customer_records(few))
    assert cards["customer_id"].unique().tolist() == few.customers["customer_id"].head(2).tolist()


def test_no_key_account_no_file(shop: Study, tmp_path: Path) -> None:
    nobody = as_key_accounts(shop, 0)
    nobody = replace(nobody, customers=nobody.customers.assign(**{shop.segmentation.main: "unknown"}))
    cards = visit_cards(nobody, customer_records(nobody))
    write_cards(nobody, cards)
    assert cards.empty
    assert not render_cards(nobody.model, nobody.folder, tmp_path / "cards.html")
    assert not (tmp_path / "cards.html").exists()


# --- what stands on one ----------------------------------------------------------------------------


def test_figures_stand_beside_what_is_usual(shop: Study) -> None:
    cards = visit_cards(shop, customer_records(shop))
    id = cards["customer_id"].iloc[0]
    mine = shop.customers.set_index("customer_id").loc[id]
    year, since, last = part(cards, "figure").itertuples()
    assert (year.value, since.value, last.value) == (mine["monetary"], mine["recency_days"], mine["aov"])
    label = shop.customers[shop.segmentation.main]
    peers = shop.customers.loc[label == label[shop.customers["customer_id"] == id].iloc[0], "monetary"]
    assert year.usual == round(peers.median(), 2), "the data do not reach back two years"
    assert (since.usual, last.usual) == (30, mine["aov"])


def test_last_orders_are_the_orders_that_count_latest_first(shop: Study) -> None:
    cards = visit_cards(shop, customer_records(shop))
    assert part(cards, "order")["date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2025-06-01",
        "2025-05-02",
        "2025-04-02",
    ]


def test_lines_of_one_order_are_one_order() -> None:
    lines = pd.DataFrame(
        {
            "customer_id": ["K1", "K1", "K1", "K2"],
            "order_id": ["A", "A", "B", "A"],
            "order_date": pd.to_datetime(["2025-01-01"] * 4),
            "amount": [10.0, 5.005, 1.0, 2.0],
            "category": ["茶", "酒", None, "茶"],
        }
    )
    one = one_a_line(lines)
    assert one["amount"].round(2).sum() == pytest.approx(lines["amount"].sum(), abs=0.01)
    assert len(one) == 3 and "茶 / 酒" in set(one["category"])
    assert len(one_a_line(lines.drop(columns="order_id"))) == 2, (
        "without ids the lines of a day are one order"
    )


def test_the_question_follows_from_what_is_known(shop: Study) -> None:
    late = part(visit_cards(shop, customer_records(shop)), "ask")["text"]
    assert "213 天没有下单，平常隔 30 天" in late.iloc[0]
    logged = with_log(shop)
    asked = part(visit_cards(logged, customer_records(logged)), "ask")["text"]
    assert asked.iloc[0].startswith("1 件投诉还没结") and "213 天" in asked.iloc[1] and len(asked) == 2


@pytest.mark.parametrize("kind", ["nps", "last_nps", "csat", "last_csat"])
def test_a_low_score_is_spoken_of_in_whole_sentences(shop: Study, kind: str) -> None:
    some = as_key_accounts(shop, 1)
    records = customer_records(some)
    records = replace(records, rows=records.rows.assign(**{kind: 3}))
    (asked, *_) = part(visit_cards(some, records), "ask")["text"]
    scale = {"nps": "推荐分（0–10）", "csat": "满意度（1–5）"}[kind.removeprefix("last_")]
    assert asked == f"{scale}上次给的是 3。最想让我们先改哪一件事？"


def test_a_word_by_the_owner_comes_before_an_invitation_by_somebody_else(shop: Study) -> None:
    some = as_key_accounts(shop, 1)
    account = key_accounts(some).iloc[0]
    task = {**some.plan.tasks.iloc[0], "customer_id": account["customer_id"]}

    def step(*others: dict[str, object]) -> pd.Series:
        tasks = pd.DataFrame(
            [{**task, "due": pd.Timestamp(f"2026-01-{5 + i:02d}"), **one} for i, one in enumerate(others)]
        )
        study = replace(some, plan=replace(some.plan, tasks=tasks))
        return part(visit_cards(study, customer_records(study)), "next").iloc[0]

    event = {"channel": "event", "content": "client_event", "owner": "R9"}
    other = {"channel": "phone", "content": "care_call", "owner": "R9"}
    own = {"channel": "visit", "content": "account_visit", "owner": account["owner"]}
    found = step(event, other, own)
    assert (found["note"], found["detail"], found["date"].day) == (account["owner"], "拜访", 7)
    assert step(event, other)["detail"] == "电话"
    assert step(event)["note"] == "R9"


def test_contacts_and_complaints_are_listed_and_never_called_missing_where_nobody_recorded_any(
    shop: Study, tmp_path: Path
) -> None:
    _, bare = drawn(as_key_accounts(shop, 1), tmp_path)
    assert "未结投诉" not in plain(bare) and "最近的联系" not in plain(bare)
    cards, page = drawn(as_key_accounts(with_log(shop), 1), tmp_path)
    assert "未结投诉" in plain(page) and "已 10 天" in plain(page)
    assert len(part(cards, "contact")) == 3 and "已接通" in plain(page)
    assert part(cards, "need").empty, "complaints have their own place"


def test_changes_since_last_month_stand_on_the_card(shop: Study, tmp_path: Path) -> None:
    some = as_key_accounts(shop, 1)
    before = last_month(some, some.customers.assign(owner="R0"), some.plan.tasks)
    _, page = drawn(replace(some, previous=before), tmp_path)
    assert "R0 → R" in plain(page)


# --- the page --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_names(shop: Study) -> Study:
    """Everything as long as it can get."""
    study = with_log(shop)
    orders = shop.orders
    assert orders is not None
    customers = study.customers.assign(name=LONG, owner="某" * 60, province="省" * 60, why="因为" * 300)
    more = pd.concat(
        [orders.assign(order_id=orders["order_id"] + str(k)) for k in range(3)], ignore_index=True
    )
    more = more.assign(category="品类" * 60, channel="渠道" * 30, amount=123456789.12)
    tasks = study.plan.tasks.assign(content="要做的事" * 60)
    return replace(study, customers=customers, orders=more, plan=replace(study.plan, tasks=tasks))


@pytest.mark.parametrize("n", [1, 30])
@pytest.mark.parametrize("names", ["shop", "long_names"])
def test_every_card_is_one_printed_page(
    n: int, names: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    study = as_key_accounts(request.getfixturevalue(names), n)
    drawn(study, tmp_path)
    assert pages(tmp_path / "cards.html") == n


def test_a_card_is_one_page_in_english_too(tmp_path: Path) -> None:
    study = as_key_accounts(with_log(study_of(tmp_path, lang="en")), 2)
    drawn(study, tmp_path)
    assert pages(tmp_path / "cards.html") == 2


def test_the_page_is_offline_and_shuts_out_everything_else(shop: Study, tmp_path: Path) -> None:
    _, page = drawn(as_key_accounts(shop, 3), tmp_path)
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|https?://|src=\"(?!data:)", page)


def test_the_same_cards_give_the_same_bytes(shop: Study, tmp_path: Path) -> None:
    study = as_key_accounts(shop, 3)
    assert drawn(study, tmp_path)[1] == drawn(study, tmp_path)[1]


def test_text_of_the_client_cannot_become_markup(shop: Study, tmp_path: Path) -> None:
    study = as_key_accounts(shop, 1)
    study = replace(study, customers=study.customers.assign(owner="<b onclick=x>R</b>"))
    _, page = drawn(study, tmp_path)
    assert "<b onclick" not in page and "&lt;b onclick" in page


def test_nothing_personal_stands_on_a_card(shop: Study, tmp_path: Path) -> None:
    cards, page = drawn(as_key_accounts(with_log(shop), 30), tmp_path)
    for text in (page, cards.to_csv()):
        assert PHONE not in text and MAIL not in text and "韩梅梅" not in text and "李雷" not in text
    known = {"phone": {PHONE}, "email": {MAIL}, "name": {"韩梅梅", "李雷"}}
    assert leaks(tmp_path / "cards.html", known=known) == []
    broken = tmp_path / "broken.html"
    broken.write_text(page.replace("</article>", f"<p>{PHONE}</p></article>", 1), encoding="utf-8")
    assert leaks(broken, known=known), "the scan does read the page"


def test_both_languages_show_the_same_facts(shop: Study, tmp_path: Path) -> None:
    zh, _ = drawn(as_key_accounts(with_log(shop), 5), tmp_path)
    english = as_key_accounts(with_log(study_of(tmp_path, lang="en")), 5)
    en, page = drawn(english, tmp_path)
    same = ["card", "customer_id", "part", "line", "date", "value", "usual", "unit"]
    assert en[same].equals(zh[same])

    def digits(texts: pd.Series) -> list[str]:
        return [d for text in texts for d in re.findall(r"\d[\d,.]*\d|\d", text)]

    asked = [frame.loc[frame["part"].eq("ask"), "text"] for frame in (zh, en)]
    assert digits(asked[0]) == digits(asked[1])
    own = {json.dumps(name) for name in shop.customers["name"].dropna()}
    words = plain(page)
    for text in own:
        words = words.replace(json.loads(text), "")
    said = [line for line in _chinese(words) if line not in _data(shop)]
    assert said == []


def _chinese(words: str) -> Iterator[str]:
    yield from dict.fromkeys(re.findall(r"[\u4e00-\u9fff]+", words))


def _data(study: Study) -> set[str]:
    """The client's own words."""
    return {"江苏省", "广东省", "浙江", "零售", "茶叶", "门店", "线上", "南京", "已接通", "一般", "虚构"}
