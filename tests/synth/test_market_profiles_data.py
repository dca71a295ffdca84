"""Needs survey and feedback loop: centring finds needs where raw scores find habits; weighting finds the effect."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats.contingency import association
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from segkit.synth.cases.market_profiles.case import make
from segkit.synth.files import TextFile
from segkit.workdays import is_workday

NEEDS = ["price", "quality", "service", "brand", "channel"]
ITEMS = [f"importance_{need}" for need in NEEDS]
Folders = Callable[[str], list[Path]]
Read = Callable[[Path], pd.DataFrame]


@pytest.fixture(scope="module")
def folders(draws_of: Folders) -> list[Path]:
    return draws_of("market_profiles")


@pytest.fixture(scope="module")
def surveys(folders: list[Path], text_of: Read) -> list[pd.DataFrame]:
    """Every draw's survey, cleaned with what a trainee has; truth joined for comparison only."""
    return [survey(folder, text_of) for folder in folders]


@pytest.fixture(scope="module")
def loops(folders: list[Path], text_of: Read) -> list[pd.DataFrame]:
    return [loop(folder, text_of) for folder in folders]


def survey(folder: Path, text_of: Read) -> pd.DataFrame:
    table = text_of(folder / "market_profiles" / "respondents.csv").drop_duplicates()
    scores = [*ITEMS, "importance_after_sales", "willingness", "visits_12m"]
    table[scores] = table[scores].map(lambda s: int(unicodedata.normalize("NFKC", s)))
    table[["spend_2024", "spend_2025"]] = table[["spend_2024", "spend_2025"]].astype(float)
    rated = [*ITEMS, "importance_after_sales"]
    on_scale = table[rated].isin([1, 2, 3, 4, 5]).all(axis=1)
    flat = table[rated].nunique(axis=1) == 1
    table = table[on_scale & ~flat]
    truth = text_of(folder / "_truth" / "market_profiles_respondents.csv")
    return table.merge(truth[["respondent_id", "need", "style"]], on="respondent_id", validate="1:1")


def loop(folder: Path, text_of: Read) -> pd.DataFrame:
    table = text_of(folder / "market_profiles" / "feedback.csv").drop_duplicates()
    table["score"] = [int(unicodedata.normalize("NFKC", s)) for s in table["score"]]
    table["active_days"] = table["active_days"].astype(int)
    table["resurvey_score"] = pd.to_numeric(table["resurvey_score"])
    return table.reset_index(drop=True)


def summary(folder: Path) -> dict:
    return yaml.safe_load((folder / "_truth" / "market_profiles_summary.yml").read_text("utf-8"))


def kmeans(scores: np.ndarray) -> np.ndarray:
    with threadpool_limits(1):  # 600 rows: threads only wait for each other
        return KMeans(5, n_init=20, random_state=0).fit_predict(scores)


def within(table: pd.DataFrame) -> np.ndarray:
    raw = table[ITEMS].to_numpy(dtype=float)
    return raw - raw.mean(axis=1, keepdims=True)


def needs_found(table: pd.DataFrame) -> np.ndarray:
    """The item that stands furthest above everybody's average, within the person."""
    own = within(table)
    return np.array(NEEDS)[np.round(own - own.mean(axis=0), 9).argmax(axis=1)]


# --- survey -----------------------------------------------------------------------------------------


def test_survey_marginals(folders: list[Path], text_of: Read) -> None:
    for folder in folders:
        table = text_of(folder / "market_profiles" / "respondents.csv")
        people = table.drop_duplicates()
        assert len(table) == 608 and len(people) == 600 and people["respondent_id"].is_unique
        firm = people["customer_type"] == "组织"
        assert firm.sum() == 180
        for column in ("age_band", "gender", "occupation", "income_band", "education", "interests"):
            assert ((people[column] == "") == firm).all(), column
        for column in ("industry", "company_size"):
            assert ((people[column] == "") == ~firm).all(), column
        ages = people[~firm]["age_band"].value_counts(normalize=True)
        shares = {"18-24": 0.16, "25-34": 0.34, "35-44": 0.27, "45-54": 0.15, "55+": 0.08}
        assert ages.to_dict() == pytest.approx(shares, abs=0.005)
        assert (people[~firm]["gender"] == "男").mean() == pytest.approx(0.48, abs=0.07)
        assert people["survey_date"].between("2025-09-01", "2025-11-30").all()
        truth = text_of(folder / "_truth" / "market_profiles_respondents.csv")
        assert truth["respondent_id"].tolist() == people["respondent_id"].tolist()
        own = truth.assign(firm=firm.to_numpy())
        for is_firm, shares in (
            (False, (0.36, 0.26, 0.15, 0.13, 0.10)),
            (True, (0.20, 0.22, 0.42, 0.05, 0.11)),
        ):
            found = own[own["firm"] == is_firm]["need"].value_counts(normalize=True)
            assert [found[k] for k in NEEDS] == pytest.approx(list(shares), abs=0.005)
        high = own.groupby("firm")["style"].apply(lambda s: (s == "high").mean())
        assert high[False] == pytest.approx(0.42, abs=0.005) and high[True] == pytest.approx(0.20, abs=0.005)


def test_people_are_of_one_piece(surveys: list[pd.DataFrame]) -> None:
    """Occupation fits the age, income the occupation, spending the income."""
    middle = {"5万以下": 3, "5-10万": 7.5, "10-20万": 15, "20-50万": 32, "50万以上": 70}
    for table in surveys:
        people = table[table["customer_type"] == "个人"]
        income = people["income_band"].map(middle)
        student, retired = (people["occupation"] == job for job in ("学生", "退休"))
        assert student.sum() > 15 and retired.sum() > 8
        assert people[student]["age_band"].isin(["18-24", "25-34"]).all()
        assert people[retired]["age_band"].isin(["45-54", "55+"]).all()
        assert income[student].max() <= 15 and income[retired].max() <= 32
        assert (people[student]["education"] != "高中及以下").mean() > 0.85
        young = people["age_band"] == "18-24"
        assert (income[young] < 70).all() and (people[young]["education"] == "硕士及以上").mean() < 0.12
        for job, others in (("专业技术", 4), ("个体经营", 2)):
            assert income[people["occupation"] == job].mean() > income[student].mean() + others
        assert income[people["need"] == "price"].mean() < income[people["need"] != "price"].mean() - 2.5
        rank = income.rank().corr(people["spend_2024"].rank())
        assert rank > 0.45
        firms = table[table["customer_type"] == "组织"].groupby("company_size")["spend_2024"].median()
        assert firms["300人以上"] > 1.8 * firms["50-299人"] > 3 * firms["50人以下"]
        for year in ("spend_2024", "spend_2025"):  # both told to three digits
            digits = table[year].map(lambda v: len(str(int(v)).rstrip("0")))
            assert digits.max() == 3 and (digits == 3).mean() > 0.6


def test_raw_scores_find_the_habit_and_centred_scores_the_need(surveys: list[pd.DataFrame]) -> None:
    for table in surveys:
        raw, own = kmeans(table[ITEMS].to_numpy(dtype=float)), kmeans(within(table))
        assert adjusted_rand_score(table["need"], raw) < 0.30
        assert adjusted_rand_score(table["style"], raw) > 0.30
        assert adjusted_rand_score(table["need"], own) > 0.55
        assert abs(adjusted_rand_score(table["style"], own)) < 0.06


def test_a_cut_on_the_raw_score_is_no_need(surveys: list[pd.DataFrame]) -> None:
    for table in surveys:
        above = (table[ITEMS] >= 4).sum(axis=1)
        assert (above == 0).mean() > 0.12 and (above > 1).mean() > 0.35  # half the people get none or several
        several = above[table["style"] == "high"].mean()
        assert several > 3 > 0.6 > above[table["style"] == "low"].mean()
        assert (needs_found(table) == table["need"]).mean() > 0.80


def test_ties_are_many_and_the_rule_matters(surveys: list[pd.DataFrame]) -> None:
    for table in surveys:
        raw = table[ITEMS].to_numpy()
        tied = (raw == raw.max(axis=1, keepdims=True)).sum(axis=1) > 1
        assert 0.18 < tied.mean() < 0.32
        first = np.array(NEEDS)[raw.argmax(axis=1)]
        assert (first == table["need"])[~tied].mean() > 0.95
        price = (table["need"] == "price").mean()
        assert (first == "price").mean() > price + 0.04  # the first column is price
        assert (first == table["need"])[tied].mean() < 0.65
        top = raw == raw.max(axis=1, keepdims=True)
        split = (top[:, 0] / top.sum(axis=1)).mean()  # the tied divided among their items: right for shares
        assert abs(split - price) < 0.045


def test_organisations_weigh_service_more_and_the_cut_hides_it(surveys: list[pd.DataFrame]) -> None:
    for table in surveys:
        firm = table["customer_type"] == "组织"
        true = association(pd.crosstab(firm, table["need"]), method="cramer")
        found = association(pd.crosstab(firm, needs_found(table)), method="cramer")
        naive = association(
            pd.crosstab(firm, table["importance_service"] >= 4), method="cramer", correction=False
        )
        assert 0.28 < true < 0.34
        assert 0.18 < found < 0.36
        assert naive < 0.12
        own = pd.Series(within(table)[:, NEEDS.index("service")])
        assert own[firm.to_numpy()].mean() > own[~firm.to_numpy()].mean() + 0.2


def test_after_sales_belongs_to_service(surveys: list[pd.DataFrame]) -> None:
    for table in surveys:
        own = table["importance_after_sales"] - table[ITEMS].mean(axis=1)
        centred = within(table)
        by = {k: np.corrcoef(own, centred[:, i])[0, 1] for i, k in enumerate(NEEDS)}
        assert by["service"] > 0.2 and by["service"] == max(by.values()) and by["price"] < 0.1
        raw = table[["importance_after_sales", "importance_price"]].corr().iloc[0, 1]
        assert raw > 0.25  # the same pen: on raw scores it goes with price, too


def test_intent_shows_in_visits_once_the_pen_is_taken_off(surveys: list[pd.DataFrame]) -> None:
    for table in surveys:
        raw = np.corrcoef(table["willingness"], table["visits_12m"])[0, 1]
        own = np.corrcoef(table["willingness"] - table[ITEMS].mean(axis=1), table["visits_12m"])[0, 1]
        assert own > raw + 0.08 and own > 0.35


def test_needs_grow_apart_and_tell_habits(surveys: list[pd.DataFrame]) -> None:
    planted = {"price": -0.04, "quality": 0.06, "service": 0.15, "brand": 0.03, "channel": 0.10}
    for table in surveys:
        growth = (table["spend_2025"] / table["spend_2024"] - 1).groupby(table["need"]).median()
        for need, true in planted.items():
            assert growth[need] == pytest.approx(true, abs=0.02), need
        found = table.assign(found=needs_found(table)).groupby("found")[["spend_2024", "spend_2025"]].sum()
        grown = found["spend_2025"] / found["spend_2024"] - 1
        assert grown["service"] > 0.08 and grown["price"] < 0.03
        people = table[table["customer_type"] == "个人"]
        compares = people["habits"].str.contains("先比价")
        assert compares[people["need"] == "price"].mean() > compares[people["need"] != "price"].mean() + 0.3
        tier = association(pd.crosstab(table["city_tier"], table["need"]), method="cramer")
        assert tier < 0.15


def test_the_summary_of_the_needs_by_hand(folders: list[Path], text_of: Read) -> None:
    """Forms off the scale and straight lines dropped, as a trainee does; the need from the truth."""
    for folder in folders:
        table = survey(folder, text_of)
        said, raw = summary(folder)["needs"], table[ITEMS].to_numpy()
        tied = (raw == raw.max(axis=1, keepdims=True)).sum(axis=1) > 1
        first = np.array(NEEDS)[raw.argmax(axis=1)]
        assert said["respondents_told"] == len(table) == 582
        assert said["tied_highest"] == tied.sum()
        assert said["accuracy_first_column"] == pytest.approx((first == table["need"]).mean(), abs=0.001)
        assert said["accuracy_centred"] == pytest.approx(
            (needs_found(table) == table["need"]).mean(), abs=0.001
        )
        assert said["price_share_first_column"] == pytest.approx((first == "price").mean(), abs=0.001)
        firm = table["customer_type"] == "组织"
        found = association(pd.crosstab(firm, needs_found(table)), method="cramer")
        assert said["cramers_v_centred"] == pytest.approx(found, abs=0.001)
        own = kmeans(within(table))
        for latent in ("need", "style"):
            assert said[f"ari_centred_{latent}"] == pytest.approx(
                adjusted_rand_score(table[latent], own), abs=0.05
            )
        assert (
            said["ari_raw_need"] < 0.3 < said["ari_raw_style"]
        )  # raw scores have several equally good clusterings
        grown = table.groupby(needs_found(table))[["spend_2024", "spend_2025"]].sum()
        grown = grown["spend_2025"] / grown["spend_2024"] - 1
        assert said["growth"] == pytest.approx(grown[NEEDS].to_dict(), abs=0.001)
        assert said["none_above_cut"] == ((raw >= 4).sum(axis=1) == 0).sum()


def test_structures_of_the_survey_can_be_found(folders: list[Path], text_of: Read) -> None:
    for folder in folders:
        table = text_of(folder / "market_profiles" / "respondents.csv")
        planted = text_of(folder / "_truth" / "market_profiles_planted.csv")
        rated = [*ITEMS, "importance_after_sales"]
        flat = {i + 2 for i in np.flatnonzero(table[rated].nunique(axis=1) == 1)}
        straight = planted[planted["reason"] == "straight_line"]
        assert flat == set(straight["row"].astype(int)) and len(flat) == 12
        halved = table[rated].map(lambda s: unicodedata.normalize("NFKC", s))
        odd = {i + 2 for i in np.flatnonzero(~halved.isin(list("12345")).all(axis=1))}
        off = planted[planted["reason"] == "out_of_scale"]
        assert odd == set(off["row"].astype(int)) and len(odd) == 6
        defects = text_of(folder / "_truth" / "market_profiles_defects.csv")
        assert (defects.groupby("file")["reason"].value_counts()).to_dict() == {
            ("feedback.csv", "duplicate"): 6,
            ("feedback.csv", "full_width"): 4,
            ("feedback.csv", "after_as_of"): 3,
            ("respondents.csv", "duplicate"): 8,
            ("respondents.csv", "full_width"): 6,
        }
        wide = int((halved != table[rated]).sum().sum())
        assert wide == 6 and table.duplicated().sum() == 8
        answers = text_of(folder / "market_profiles" / "feedback.csv")
        assert answers.duplicated().sum() == 6 and (answers["date"] > "2025-12-31").sum() == 3


# --- feedback loop ----------------------------------------------------------------------------------


def test_the_loop_is_an_experiment_among_detractors(loops: list[pd.DataFrame], text_of: Read) -> None:
    for table in loops:
        assert len(table) == 900 and table["feedback_id"].is_unique
        low = table["score"] <= 6
        assert ((table["arm"] != "") == low).all() and 0.32 < low.mean() < 0.43
        assert (table["score"] == 0).sum() >= 11
        arms = table["arm"].value_counts()
        assert abs(arms["回访"] - arms["不联系"]) <= 14
        by_person = table[low].groupby("respondent_id")["arm"].nunique()
        assert by_person.max() == 1 and (table[low]["respondent_id"].value_counts() == 2).sum() > 25
        days = pd.to_datetime(table["date"].str.replace("2026", "2025"))
        assert days.is_monotonic_increasing and table["respondent_id"].value_counts().max() == 2
        assert (
            days.groupby(table["respondent_id"]).agg(np.ptp).loc[lambda d: d > pd.Timedelta(0)].min().days
            >= 45
        )
        for column, most in (("score", 0.25), ("active_days", 0.5)):
            means = table[low].groupby("arm")[column].mean()
            assert abs(means["回访"] - means["不联系"]) < most, column
        called = table[table["arm"] == "回访"]
        held = table[table["arm"] == "不联系"]
        assert ((called["contacted_at"] == "") == (called["action"] == "")).all()
        assert (held["contacted_at"] == "").all() and (held["action"] == "").all()
        fixable = called["topic"].isin(["电池", "屏幕", "系统"])
        is_open = called["contacted_at"] == ""
        assert not is_open[fixable].any() and 5 <= is_open.sum() <= 14
        assert (called[~is_open]["action"] == np.where(fixable[~is_open], "已修好", "只作说明")).all()
        dated = called[(called["date"] < "2026") & ~is_open]
        assert (dated["contacted_at"] < dated["resurvey_sent"]).all()
        waits = [workdays(*pair) for pair in zip(dated["date"], dated["contacted_at"], strict=True)]
        assert min(waits) == 1 and max(waits) == 8
        assert np.mean(np.array(waits) <= 3) == pytest.approx(0.80, abs=0.03)
        answered = table["resurvey_date"] != ""
        assert (answered == table["resurvey_score"].notna()).all() and not answered[~low].any()
        assert (table.loc[answered, "resurvey_date"] >= table.loc[answered, "resurvey_sent"]).all()
        assert table["resurvey_date"].max() <= "2025-12-31"


def workdays(day: str, call: str) -> int:
    """Working days after `day` up to `call`, itself a working day."""
    assert is_workday(pd.Timestamp(call).date())
    return sum(is_workday(d.date()) for d in pd.date_range(day, call)[1:])


def fixable(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["score"] <= 6) & table["topic"].isin(["电池", "屏幕", "系统"])]


EDGES = [-1, 6, 9, 12, 15, 18, 30]  # of the bands of days in use which the datasheet names


def in_bands(asked: pd.DataFrame, first: float | pd.Series = 0.0) -> tuple[float, float, float]:
    """Contact against holdout within bands of days in use, weighted as all who were asked, and its interval."""
    band = pd.cut(asked["active_days"], EDGES)
    outcome = (asked["resurvey_score"] - first).dropna()
    cells = outcome.groupby([band, asked["arm"]], observed=True)
    means, errors = cells.mean().unstack(), (cells.var() / cells.size()).unstack()
    whole = (cells.size().unstack() > 1).all(axis=1)
    weight = band.value_counts()[whole[whole].index]
    weight = weight / weight.sum()
    found = float(((means["回访"] - means["不联系"]) * weight).sum())
    error = 1.96 * float(np.sqrt((errors.sum(axis=1) * weight**2).sum()))
    return found, found - error, found + error


def of_answerers(asked: pd.DataFrame, first: float | pd.Series = 0.0) -> tuple[float, float, float]:
    """The difference of the arms among those who answered, with its interval."""
    by_arm = (asked["resurvey_score"] - first).dropna().groupby(asked["arm"])
    found = by_arm.mean()["回访"] - by_arm.mean()["不联系"]
    error = 1.96 * np.sqrt((by_arm.var() / by_arm.size()).sum())
    return found, found - error, found + error


def by_weight(asked: pd.DataFrame) -> float:
    """The same by weights: one over the share that answered in the own arm and band."""
    band = pd.cut(asked["active_days"], EDGES)
    heard = asked["resurvey_score"].notna()
    share = heard.groupby([asked["arm"], band], observed=True).transform("mean")
    means = {}
    for arm, rows in asked[heard].groupby("arm"):
        means[arm] = np.average(rows["resurvey_score"], weights=1 / share[rows.index])
    return float(means["回访"] - means["不联系"])


def test_weighting_finds_what_a_fix_adds_and_before_after_does_not(
    folders: list[Path], loops: list[pd.DataFrame], text_of: Read
) -> None:
    for folder, table in zip(folders, loops, strict=True):
        asked = fixable(table)
        truth = text_of(folder / "_truth" / "market_profiles_feedback.csv").set_index("feedback_id")
        own = truth.loc[asked["feedback_id"]].astype(float)
        true = (own["score_if_contacted"] - own["score_if_left"]).mean()
        assert 1.75 < true <= 2.0
        called = asked[(asked["arm"] == "回访") & asked["resurvey_score"].notna()]
        before_after = (called["resurvey_score"] - called["score"]).mean()
        assert before_after > true + 1.2
        assert abs(by_weight(asked) - true) < 0.55
        widths = []
        for first in (0.0, asked["score"]):  # second scores, and changes from the first
            crude, weighted = of_answerers(asked, first), in_bands(asked, first)
            assert crude[0] > true + 0.4 and crude[0] > weighted[0] + 0.3
            assert abs(weighted[0] - true) < (0.5 if isinstance(first, float) else 0.7)
            assert before_after > weighted[0] + 1.0
            widths.append(weighted[2] - weighted[1])
        assert widths[1] > 1.2 * widths[0]  # the second score alone is the better measure


def test_an_explanation_adds_nothing_and_low_scores_rise_alone(
    folders: list[Path], loops: list[pd.DataFrame], text_of: Read
) -> None:
    for folder, table in zip(folders, loops, strict=True):
        truth = text_of(folder / "_truth" / "market_profiles_feedback.csv").set_index("feedback_id")
        told = table[(table["score"] <= 6) & ~table["topic"].isin(["电池", "屏幕", "系统"])]
        own = truth.loc[told["feedback_id"]]
        assert (own["score_if_contacted"] == own["score_if_left"]).all()
        heard = told[told["resurvey_score"].notna()].groupby("arm")["resurvey_score"].mean()
        assert abs(heard["回访"] - heard["不联系"]) < 1.2
        held = table[(table["arm"] == "不联系") & table["resurvey_score"].notna()]
        rise = (held["resurvey_score"] - held["score"]).mean()
        assert rise > 0.5
        assert summary(folder)["loop"]["holdout_rise"] == pytest.approx(rise, abs=0.006)


def test_the_truth_of_the_loop_is_what_the_table_shows(
    folders: list[Path], loops: list[pd.DataFrame], text_of: Read
) -> None:
    for folder, table in zip(folders, loops, strict=True):
        truth = text_of(folder / "_truth" / "market_profiles_feedback.csv").set_index("feedback_id")
        low = table[table["score"] <= 6]
        assert truth.index.tolist() == low["feedback_id"].tolist()
        heard = low[low["resurvey_score"].notna()]
        own = truth.loc[heard["feedback_id"]]
        contacted = (heard["arm"] == "回访").to_numpy()
        shown = np.where(contacted, own["score_if_contacted"], own["score_if_left"]).astype(float)
        assert (shown == heard["resurvey_score"].to_numpy()).all()
        chance = truth["answer_probability"].astype(float)
        assert abs(chance.sum() - len(heard)) < 12
        # the happy answer after a fix: days in use move the probability there, hardly elsewhere
        asked = fixable(table)
        p = chance[asked["feedback_id"]].to_numpy()
        fixed = (asked["arm"] == "回访").to_numpy()
        assert np.corrcoef(p[fixed], asked["active_days"][fixed])[0, 1] > 0.85
        assert np.corrcoef(p[~fixed], asked["active_days"][~fixed])[0, 1] < -0.5
        said = summary(folder)["loop"]
        nps = 100 * ((table["score"] >= 9).mean() - (table["score"] <= 6).mean())
        assert said["nps"] == pytest.approx(nps, abs=0.051)
        assert said["nps_without_zeros"] == pytest.approx(nps + 100 * (table["score"] == 0).mean(), abs=0.06)
        for scale, first in (("score", 0.0), ("change", asked["score"])):
            for way, found in (
                ("answerers", of_answerers(asked, first)),
                ("weighted", in_bands(asked, first)),
            ):
                assert list(said[f"{way}_{scale}"].values()) == pytest.approx(found, abs=0.006)
        arm = table[table["arm"] == "回访"]
        assert said["contacted"] == len(arm) and said["closed"] == (arm["contacted_at"] != "").sum()
        assert said["closed_rate"] == pytest.approx((arm["contacted_at"] != "").mean(), abs=0.001)
        mended = arm[arm["contacted_at"] != ""].assign(date=lambda t: t["date"].str.replace("2026", "2025"))
        waits = [workdays(*pair) for pair in zip(mended["date"], mended["contacted_at"], strict=True)]
        assert said["closed_on_time"] == (np.array(waits) <= 3).sum()
        called = asked[(asked["arm"] == "回访") & asked["resurvey_score"].notna()]
        before_after = (called["resurvey_score"] - called["score"]).mean()
        assert said["before_after_points"] == pytest.approx(before_after, abs=0.01)
        assert said["fixed_answered"] == len(called)


@pytest.mark.parametrize("seed", [1, 2, 6])
def test_small_draw_in_which_no_band_holds_both_arms_twice_is_compared_as_a_whole(seed: int) -> None:
    files = {file.path: file.text for file in make(seed, 0.1, "en") if isinstance(file, TextFile)}
    told = yaml.safe_load(files["_truth/market_profiles_summary.yml"])["loop"]
    for outcome in ("score", "change"):
        assert told[f"weighted_{outcome}"] == told[f"answerers_{outcome}"]
        assert told[f"weighted_{outcome}"]["low"] < told[f"weighted_{outcome}"]["high"]
