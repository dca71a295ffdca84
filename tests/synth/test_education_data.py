"""The learners: four groups found in part, a style without effect, a warning before dropping out, regrouping."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from scipy.cluster.vq import kmeans2

MONDAY = pd.Timestamp("2025-09-15")
GROUPS = {"disciplined": 0.20, "striving": 0.30, "curious": 0.28, "at_risk": 0.22}


@dataclass
class School:
    """One draw: the tables as a trainee cleans them, and the files as they stand."""

    learners: pd.DataFrame
    weeks: dict[str, pd.DataFrame]  # minutes, attendance, quiz, posts: learners by weeks 1 to 12
    survey: pd.DataFrame
    raw: dict[str, pd.DataFrame]
    truth: pd.DataFrame
    ledgers: dict[str, pd.DataFrame]
    summary: dict


@pytest.fixture(scope="module")
def schools(draws_of: Callable[[str], list[Path]], text_of: Callable[[Path], pd.DataFrame]) -> list[School]:
    return [_school(folder, text_of) for folder in draws_of("education")]


def _school(folder: Path, text_of: Callable[[Path], pd.DataFrame]) -> School:
    raw = {
        name: text_of(folder / "education" / f"{name}.csv") for name in ("learners", "learning_log", "survey")
    }
    learners = raw["learners"].drop_duplicates("learner_id").set_index("learner_id")
    letters = [unicodedata.normalize("NFKC", v).upper()[0] for v in learners["group_by_teacher"]]
    learners = learners.assign(group_by_teacher=letters)
    for column in ("pre_score", "post_score", "dropped_week"):
        learners[column] = pd.to_numeric(learners[column])
    truth = folder / "_truth"
    return School(
        learners=learners,
        weeks=_weeks(raw["learning_log"]),
        survey=raw["survey"].drop_duplicates().astype({"nps": int, "csat": int, "survey_week": int}),
        raw=raw,
        truth=text_of(truth / "education_learners.csv").set_index("learner_id"),
        ledgers={name: text_of(truth / f"education_{name}.csv") for name in ("defects", "planted")},
        summary=yaml.safe_load((truth / "education_summary.yml").read_text("utf-8")),
    )


def _weeks(raw: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Copies gone; hours to minutes, minus signs off, the 1 in front of a quiz score off."""
    log = raw.drop_duplicates(["learner_id", "week"]).copy()
    minutes = pd.to_numeric(log["weekly_minutes"].map(lambda v: unicodedata.normalize("NFKC", v))).abs()
    hours = log["weekly_minutes"].str.contains(".", regex=False)
    log["minutes"] = minutes.where(~hours, (minutes * 60).round())
    quiz = pd.to_numeric(log["quiz_score"])
    log["quiz"] = quiz.where(~(quiz > 100), quiz - 100)
    log["week"] = log["week"].astype(int)
    log["attendance"], log["posts"] = pd.to_numeric(log["attendance"]), pd.to_numeric(log["forum_posts"])
    return {
        c: log.pivot(index="learner_id", columns="week", values=c)
        for c in ("minutes", "attendance", "quiz", "posts")
    }


def there(s: School) -> pd.DataFrame:
    """Was the learner still learning in this week?"""
    dropped = s.learners["dropped_week"].fillna(99).to_numpy()[:, None]
    return pd.DataFrame(np.arange(1, 13) < dropped, s.learners.index, range(1, 13))


def adjusted_rand(a: pd.Series, b: np.ndarray) -> float:
    table = pd.crosstab(np.asarray(a), np.asarray(b)).to_numpy()
    pairs = lambda n: (n * (n - 1) / 2).sum()  # noqa: E731
    both, rows, cols = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = rows * cols / pairs(np.array([table.sum()]))
    return float((both - chance) / ((rows + cols) / 2 - chance))


# --- sizes and marginals ----------------------------------------------------------------------------


def test_sizes_and_shares(schools: list[School]) -> None:
    for s in schools:
        learners = s.learners
        assert len(learners) == 600 and all(w.shape == (600, 12) for w in s.weeks.values())
        assert len(s.raw["learning_log"]) == 7_272
        assert 500 < len(s.survey) < 750
        ages = learners["age_group"].value_counts(normalize=True)
        assert ages["14-17"] == pytest.approx(0.20) and set(ages.index) == {
            "14-17",
            "18-24",
            "25-34",
            "35-44",
            "45+",
        }
        minor = learners["age_group"] == "14-17"
        assert ((learners["guardian_consent"] != "") == minor).all()
        assert (learners["guardian_consent"][minor] == "1").mean() == pytest.approx(0.92, abs=0.005)
        groups = s.truth["latent_group"].value_counts(normalize=True)
        for name, share in GROUPS.items():
            assert groups[name] == pytest.approx(share, abs=0.001)
        assert learners["pre_score"].mean() == pytest.approx(68, abs=1)
        assert 60 <= learners["dropped_week"].notna().sum() <= 100
        assert learners["dropped_week"].min() == 4
        assert s.weeks["minutes"].loc[:, [1, 2]].median().median() == pytest.approx(185, abs=15)


def test_minors_take_fitting_courses_and_without_consent_are_left_alone(schools: list[School]) -> None:
    for s in schools:
        minor = s.learners["age_group"] == "14-17"
        assert not s.learners["course"][minor].isin(["商务写作", "职场英语"]).any()
        assert s.learners["course"][~minor].value_counts(normalize=True)["职场英语"] == pytest.approx(
            0.25, abs=0.003
        )
        refused = s.learners["guardian_consent"] == "0"
        assert refused.sum() == s.summary["minors_refused"] and minor.sum() == s.summary["minors"]
        assert (s.learners["contact_consent"][refused] == "0").all()
        assert (s.learners["contact_consent"][~refused] == "1").mean() == pytest.approx(0.88, abs=0.002)
        assert not s.survey["learner_id"].isin(refused.index[refused]).any()


def test_attendance_and_quizzes_go_with_the_time_of_the_week(schools: list[School]) -> None:
    for s in schools:
        here = there(s)
        minutes, came = s.weeks["minutes"].where(here), s.weeks["attendance"].where(here)
        usual = minutes.div(minutes[[1, 2]].mean(axis=1), axis=0)
        low, plain = usual.lt(0.5), usual.ge(0.8)
        assert came.where(low).stack().mean() < came.where(plain).stack().mean() - 0.12
        # within a learner: weeks with more time are weeks with more sessions
        more, oftener = (
            np.log(usual).sub(np.log(usual).mean(axis=1), axis=0),
            came.sub(came.mean(axis=1), axis=0),
        )
        assert more.stack().corr(oftener.stack()) > 0.2
        taken = s.weeks["quiz"].drop(columns=6).notna()
        none, some = (came.drop(columns=6) == 0), (came.drop(columns=6) > 0)
        assert taken.where(none).stack().mean() == pytest.approx(0.5, abs=0.1)
        assert taken.where(some).stack().mean() == pytest.approx(0.95, abs=0.01)
        assert came[[3, 4]].mean().max() < came[[1, 2]].mean().min()  # the holiday


def test_interest_is_a_list_and_leans_to_the_course(schools: list[School]) -> None:
    words = {"数学", "编程", "写作", "设计", "外语"}
    close = {
        "Python编程": "编程",
        "商务写作": "写作",
        "平面设计": "设计",
        "职场英语": "外语",
        "数据分析": "数学",
    }
    for s in schools:
        named = s.learners["interest"].str.split(";")
        assert {w for row in named for w in row} == words and named.map(
            lambda row: len(row) == len(set(row))
        ).all()
        assert 0.5 < (named.map(len) > 1).mean() < 0.8
        own = [close[c] in row for c, row in zip(s.learners["course"], named, strict=True)]
        assert np.mean(own) > 0.65


def test_after_dropping_out_there_is_nothing(schools: list[School]) -> None:
    for s in schools:
        left = ~there(s)
        for name in ("minutes", "attendance", "posts"):
            assert (s.weeks[name].where(left).fillna(0) == 0).all(axis=None)
        assert s.weeks["quiz"].where(left).isna().all(axis=None)
        assert (s.weeks["minutes"].where(~left).min(axis=None)) >= 15
        gone = s.learners["dropped_week"].notna()
        assert (s.learners["post_score"].isna() == gone).all()
        assert (s.learners["renewed"][gone] == "0").all()
        day = pd.to_datetime(s.raw["learning_log"]["week_start"], errors="coerce", format="%Y-%m-%d")
        week = s.raw["learning_log"]["week"].astype(int)
        assert (day.dropna() == (MONDAY + pd.to_timedelta(7 * (week - 1), unit="D"))[day.notna()]).all()
        assert (pd.to_datetime(s.survey["answered_on"]) <= pd.Timestamp("2025-12-31")).all()


# --- four groups ------------------------------------------------------------------------------------


def first_six_weeks(s: School) -> pd.DataFrame:
    """Entry score and the means of weeks 1 to 6, over the weeks the learner was there."""
    here = there(s).loc[:, 1:6]
    means = {
        name: s.weeks[name].loc[:, 1:6].where(here).mean(axis=1)
        for name in ("minutes", "attendance", "posts")
    }
    log_minutes = np.log(s.weeks["minutes"].loc[:, 1:6].where(here)).mean(axis=1)
    return pd.DataFrame({"pre_score": s.learners["pre_score"], **means, "log_minutes": log_minutes})


def clustered(table: pd.DataFrame) -> np.ndarray:
    """The best of thirty runs of k-means with four clusters."""
    x = table.to_numpy(dtype=float)
    runs = [kmeans2(x, 4, minit="++", seed=seed, iter=200) for seed in range(30)]
    return min(runs, key=lambda run: ((x - run[0][run[1]]) ** 2).sum())[1]


def test_k_means_finds_the_groups_in_part_and_only_with_standard_scores(schools: list[School]) -> None:
    for s in schools:
        seen = first_six_weeks(s)
        scaled = seen[["pre_score", "log_minutes", "attendance"]].assign(posts=np.log1p(seen["posts"]))
        scaled = (scaled - scaled.mean()) / scaled.std(ddof=0)
        truth = s.truth["latent_group"]
        right = adjusted_rand(truth, clustered(scaled))
        raw = adjusted_rand(truth, clustered(seen.drop(columns="log_minutes")))
        teacher = adjusted_rand(truth, s.learners["group_by_teacher"].to_numpy())
        assert 0.36 < right < 0.60  # in part
        assert right == pytest.approx(s.summary["ari_scaled"], abs=0.06)  # flat optimum
        assert raw < 0.25 and raw == pytest.approx(s.summary["ari_raw"], abs=0.05)
        assert teacher == pytest.approx(s.summary["ari_teacher"], abs=0.001) and teacher < right - 0.2


def test_high_and_low_groups_differ_by_about_one_point_two_standard_deviations(schools: list[School]) -> None:
    high = {
        "pre_score": {"disciplined", "curious"},
        "log_minutes": {"disciplined", "striving"},
        "attendance": {"disciplined", "striving"},
        "posts": {"striving", "curious"},
    }
    for s in schools:
        seen = first_six_weeks(s)
        seen["posts"] = np.log1p(seen["posts"])
        for feature, groups in high.items():
            up = s.truth["latent_group"].isin(groups)
            apart = (seen[feature][up].mean() - seen[feature][~up].mean()) / seen[feature].std()
            assert apart == pytest.approx(1.25, abs=0.17), feature
            stated = s.summary["separation"][
                "minutes" if feature == "log_minutes" else feature.replace("posts", "forum")
            ]
            assert stated == pytest.approx(apart, abs=0.02)


# --- learning style ---------------------------------------------------------------------------------


def explained(y: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray]:
    """Residual sum of squares and coefficients of least squares."""
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(((y - x @ beta) ** 2).sum()), beta


def test_the_style_seems_to_matter_and_does_not(schools: list[School]) -> None:
    for s in schools:
        done = s.learners[s.learners["post_score"].notna()]
        y = done["post_score"].to_numpy(dtype=float)
        styles = pd.get_dummies(done["style_self_report"]).astype(float)
        # naive: mean score by style
        means = done.groupby("style_self_report")["post_score"].mean()
        naive = stats.f_oneway(*(g for _, g in done.groupby("style_self_report")["post_score"])).pvalue
        assert naive < 0.01 and 3.3 < means.max() - means.min() < 10
        assert means.idxmin() == "动手"
        # right: course, entry score and time held equal
        minutes = np.log2(s.weeks["minutes"].sum(axis=1).reindex(done.index))
        known = pd.get_dummies(done["course"]).astype(float).assign(pre=done["pre_score"], minutes=minutes)
        without, beta = explained(y, known.to_numpy())
        full = pd.concat([known, styles.iloc[:, 1:]], axis=1)
        with_, effect = explained(y, full.to_numpy())
        f = (without - with_) / 3 / (with_ / (len(y) - full.shape[1]))
        assert stats.f.sf(f, 3, len(y) - full.shape[1]) > 0.10
        assert np.abs(effect[-3:]).max() < 1.3
        # what does matter is found
        assert beta[-2] == pytest.approx(0.45, abs=0.08) and beta[-1] == pytest.approx(5, abs=1.2)
        course = pd.Series(beta[:5], known.columns[:5])
        assert course["平面设计"] - course["Python编程"] == pytest.approx(15, abs=2)
        stated = s.summary["style"]["post_score"]
        for key, style in {"seeing": "视觉", "hearing": "听觉", "reading": "读写", "doing": "动手"}.items():
            assert stated[key] == pytest.approx(means[style], abs=0.06)
        assert set(s.truth["style_effect"]) == {"0"}


# --- dropping out -----------------------------------------------------------------------------------


def low_weeks(s: School) -> pd.DataFrame:
    """Is the week below half of the mean of weeks 1 and 2?"""
    minutes = s.weeks["minutes"]
    return minutes.lt(0.5 * minutes[[1, 2]].mean(axis=1), axis=0)


def learner_weeks(s: School) -> pd.DataFrame:
    """Weeks 5 to 11 of everyone still there: low and low twice running by the end of the week, left right after.

    Weeks 3 and 4 hold the holiday and count as neither.
    """
    minutes, here = s.weeks["minutes"], there(s)
    low = low_weeks(s)
    working = low.copy()
    working[[3, 4]] = False
    early = pd.qcut(minutes[[1, 2]].mean(axis=1).rank(method="first"), 3, labels=False)
    comes = pd.qcut(s.weeks["attendance"][[1, 2, 3]].mean(axis=1).rank(method="first"), 3, labels=False)
    parts = [
        pd.DataFrame(
            {
                "low": low[w], "twice": working[w] & working[w - 1], "early": early, "comes": comes,
                "left": s.learners["dropped_week"] == w + 1,
            }
        )[here[w]]
        for w in range(5, 12)
    ]  # fmt: skip
    return pd.concat(parts)


def rate_ratio(rows: pd.DataFrame, of: str, strata: list[str]) -> float:
    """How many times as often do they leave where `of` holds; pooled over strata (Mantel-Haenszel)."""
    table = rows.groupby([*strata, of])["left"].agg(["sum", "size"]).unstack(fill_value=0)
    a, t, b, u = table["sum"][True], table["size"][True], table["sum"][False], table["size"][False]
    return float((a * u / (t + u)).sum() / (b * t / (t + u)).sum())


def test_two_low_weeks_running_warn_and_one_does_not(schools: list[School]) -> None:
    for s in schools:
        rows = learner_weeks(s)
        assert 3.6 < rate_ratio(rows, "twice", ["early", "comes"]) < 9.5  # planted: 6
        once = rows[rows["low"] & ~rows["twice"]]
        calm = rows[~rows["low"]]
        assert once["left"].mean() < 2.2 * calm["left"].mean()  # one bad week is no warning
        stated = s.summary["slump"]
        for key, part in {"two_running": rows[rows["twice"]], "one_only": once, "neither": calm}.items():
            assert (stated[key]["weeks"], stated[key]["left"]) == (len(part), part["left"].sum())
        assert (s.truth["slumped"] == "1").sum() > 60


def test_a_low_holiday_week_is_no_warning(schools: list[School]) -> None:
    for s in schools:
        low, here, stated = low_weeks(s), there(s), s.summary["slump"]
        counted = {"low_in_holiday_weeks": [0, 0], "others_in_holiday_weeks": [0, 0]}
        for week in (3, 4):
            left = s.learners["dropped_week"] == week + 1
            for key, of in (
                ("low_in_holiday_weeks", low[week]),
                ("others_in_holiday_weeks", ~low[week]),
            ):
                counted[key][0] += int((of & here[week]).sum())
                counted[key][1] += int((of & here[week] & left).sum())
        for key, (weeks, left) in counted.items():
            assert (stated[key]["weeks"], stated[key]["left"]) == (weeks, left)
        (weeks, gone), (others, gone_too) = counted.values()
        assert weeks > 150 and gone > 0 and gone / weeks < 2.5 * gone_too / others


def test_zeros_after_leaving_make_the_warning_look_better_than_it_is(schools: list[School]) -> None:
    for s in schools:
        low = low_weeks(s)
        low[[3, 4]] = False
        twice = low & low.shift(1, axis=1, fill_value=False)
        gone = s.learners["dropped_week"].notna()
        for key, rung in {"with_zeros": twice, "before_leaving": twice & there(s)}.items():
            named = rung.any(axis=1)
            stated = s.summary["slump"]["alarm"][key]
            assert (stated["named"], stated["hit"]) == (named.sum(), (named & gone).sum())
            assert stated["named_and_stayed"] == (named & ~gone).sum()
            assert stated["recall"] == pytest.approx((named & gone).sum() / gone.sum(), abs=1e-4)
            assert stated["precision"] == pytest.approx((named & gone).sum() / named.sum(), abs=1e-4)
        alarm = s.summary["slump"]["alarm"]
        assert alarm["with_zeros"]["recall"] > 0.85 and alarm["before_leaving"]["recall"] < 0.5
        assert alarm["before_leaving"]["precision"] < alarm["with_zeros"]["precision"] < 0.5


# --- groups at week 6 -------------------------------------------------------------------------------


def by_cuts(score: pd.Series) -> pd.Series:
    return pd.cut(score, [-1, 59.999, 79.999, 101], labels=list("CBA")).astype(object)


def test_three_quizzes_find_who_should_be_regrouped_and_one_does_not(schools: list[School]) -> None:
    for s in schools:
        assert (by_cuts(s.learners["pre_score"]) == s.learners["group_by_teacher"]).all()
        here = there(s)[6]
        assert (s.truth["teaching_group_week_6"][~here] == "").all()
        quiz = s.weeks["quiz"][here]
        now = s.learners["group_by_teacher"][here]
        due = by_cuts(quiz[[4, 5, 6]].mean(axis=1))
        assert (due == s.truth["teaching_group_week_6"][here]).all()
        moved = due != now
        assert moved.mean() == pytest.approx(0.30, abs=0.002) and moved.sum() == s.summary["moved"]
        assert (moved == (s.truth["moved"][here] == "1")).all()
        by_one = by_cuts(quiz[6]) != now
        right = by_one & (by_cuts(quiz[6]) == due)
        assert s.summary["moved_by_one_quiz"] == by_one.sum()
        assert s.summary["moved_by_one_quiz_rightly"] == right.sum() < 0.8 * by_one.sum()
        # the change is gradual: half-way between week 2 and week 6 in the weeks between
        step = (due[moved].map("CBA".index) - now[moved].map("CBA".index)).astype(int)
        risen = quiz[moved].sub(s.learners["pre_score"][quiz.index[moved]], axis=0).mul(step, axis=0).mean()
        assert risen[2] < risen[3] < risen[4] < risen[5] < risen[6] + 2 and risen[3] < 0.5 * risen[6]
        assert abs(risen[1]) < 2.5 and risen[4] < 0.85 * risen[6]
        assert by_one.mean() > 0.33 and moved[by_one].mean() < 0.78
        # the two diligent groups mostly rise, the others mostly fall
        step = due.map("CBA".index) - now.map("CBA".index)
        diligent = s.truth["latent_group"][here].isin(["disciplined", "striving"])
        middle = moved & (now == "B")
        assert (step[middle & diligent] > 0).mean() > 0.6 > 0.4 > (step[middle & ~diligent] > 0).mean()
        # and they say so
        pace = s.survey[s.survey["survey_week"] == 6].set_index("learner_id")["pace"]
        said = pd.crosstab(np.sign(step.reindex(pace.index)), pace, normalize="index")
        assert said.loc[1, "太慢"] > 0.5 and said.loc[-1, "太快"] > 0.5 and said.loc[0, "合适"] > 0.6


# --- survey -----------------------------------------------------------------------------------------


def net_promoters(scores: pd.Series) -> float:
    return float(((scores >= 9).mean() - (scores <= 6).mean()) * 100)


def test_those_who_answer_are_happier_than_all(schools: list[School]) -> None:
    for s in schools:
        for week in (6, 12):
            answers = s.survey[s.survey["survey_week"] == week].set_index("learner_id")["nps"]
            everyone = s.truth[f"nps_week_{week}"].astype(int)
            assert (everyone[answers.index] == answers).all()
            assert net_promoters(answers) > net_promoters(everyone) + 10
            stated = s.summary["nps"][f"week_{week}"]
            assert stated["of_answers"] == pytest.approx(net_promoters(answers), abs=0.06)
            assert stated["of_all"] == pytest.approx(net_promoters(everyone), abs=0.06)
        # nobody's answer knows the future: those who leave later say after week 6 what the others say
        later = s.learners["dropped_week"] > 6
        stays = s.learners["dropped_week"].isna()
        nps = s.truth["nps_week_6"].astype(int)
        group = s.truth["latent_group"]
        apart = (nps[later].groupby(group).mean() - nps[stays].groupby(group).mean()).mean()
        assert abs(apart) < 1.2
        gone = s.learners["dropped_week"].notna()
        late = s.survey[s.survey["survey_week"] == 12]["learner_id"]
        assert gone[late].mean() < 0.3 * gone.mean()


# --- dirt -------------------------------------------------------------------------------------------


def test_the_dirt_stands_where_the_ledger_says(schools: list[School]) -> None:
    defects = {
        "duplicate": 86, "excel_serial": 30, "full_width": 20, "negative": 5, "grade_spelling": 24, "bad_date": 5,
        "after_as_of": 4,
    }  # fmt: skip
    for s in schools:
        assert s.ledgers["defects"]["reason"].value_counts().to_dict() == defects
        planted = s.ledgers["planted"]
        minors = (s.learners["guardian_consent"] == "0").sum()
        expected = {"minutes_in_hours": 25, "score_out_of_range": 6, "minor_without_consent": minors}
        assert planted["reason"].value_counts().to_dict() == expected and minors == 10
        lines = pd.concat(s.ledgers.values())
        for line in lines.itertuples():
            table = s.raw[line.file.removesuffix(".csv")]
            assert table.at[int(line.row) - 2, line.column] == line.old
        log = s.raw["learning_log"]
        for line in lines[lines["file"] == "learning_log.csv"].itertuples():
            who, week = log.loc[int(line.row) - 2, ["learner_id", "week"]]
            if line.column == "weekly_minutes":
                assert s.weeks["minutes"].at[who, int(week)] == float(line.new)
            if line.column == "quiz_score":
                assert s.weeks["quiz"].at[who, int(week)] == float(line.new)
        for line in lines[lines["reason"] == "grade_spelling"].itertuples():
            who = s.raw["learners"].at[int(line.row) - 2, "learner_id"]
            assert s.learners.at[who, "group_by_teacher"] == line.new
