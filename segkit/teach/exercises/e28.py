"""E28: a migration matrix read by rows, and what PSI leaves unsaid."""

from __future__ import annotations

from segkit.teach.sealed import matches

# rows three months ago, columns now, A B C; invented (示例参数), shown in the notebook as well
MATRIX = ((60, 15, 5), (25, 160, 35), (10, 60, 630))
NEAR = 0.006


def _up() -> int:
    return sum(MATRIX[row][column] for row in range(3) for column in range(row))


def _down() -> int:
    return sum(MATRIX[row][column] for row in range(3) for column in range(row + 1, 3))


def _near(given: float, share: float) -> bool:
    return abs(given - share) <= NEAR


def step_stay(stay_a: float) -> bool:
    return _near(stay_a, MATRIX[0][0] / sum(MATRIX[0]))


def step_up(up: float) -> bool:
    return up == _up()


def step_down(down: float) -> bool:
    return down == _down()


def step_psi(psi_says: str) -> bool:
    return matches("E28.psi", psi_says, "1d4f469e8e8c1781")


def step_claim(claim: str) -> bool:
    return matches("E28.claim", claim, "ad107abbdb50da5f")


def step_question(first_question: str) -> bool:
    return matches("E28.question", first_question, "60b8438f5a2e8e36")


def guessed(up: float, down: float) -> float:
    return up + down


def mistake_reads_column(stay_a: float) -> bool:
    return _near(stay_a, MATRIX[0][0] / sum(row[0] for row in MATRIX))


def mistake_of_everybody(stay_a: float) -> bool:
    return _near(stay_a, MATRIX[0][0] / sum(map(sum, MATRIX)))


def mistake_only_to_a(up: float) -> bool:
    return up in (MATRIX[1][0] + MATRIX[2][0], MATRIX[1][0])


def mistake_net(up: float) -> bool:
    return up in (sum(row[0] for row in MATRIX) - sum(MATRIX[0]), _up() - _down())


def mistake_other_side(given: float) -> bool:
    """Judged only where the value is not right: then it is that of the other direction."""
    return given in (_up(), _down())


def mistake_only_from_a(down: float) -> bool:
    return down in (sum(MATRIX[0][1:]), MATRIX[0][1])


def mistake_mix_is_people(psi_says: str) -> bool:
    return psi_says in ("nobody", "works")


def mistake_claims_effect(claim: str) -> bool:
    return claim == "works"


def mistake_says_nothing(claim: str) -> bool:
    return claim == "nothing"


def mistake_wrong_question(first_question: str) -> bool:
    return first_question in ("bigger", "colour")
