"""Where a likelihood of a few parameters is greatest, searched over their logarithms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]

STEEP = 1e-5  # of the mean log-likelihood against a log-parameter: beyond it there is no maximum yet
EDGE = 0.01  # of a log-parameter: nearer to its bound counts as there
BETTER = 1e-9
# L-BFGS-B is the sturdier, but leans on a threaded library that stalls on a busy machine, so it comes second
QUICK = {"method": "SLSQP", "options": {"maxiter": 300, "ftol": 1e-14}}
STURDY = {"method": "L-BFGS-B", "options": {"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-7}}


class Maximum(NamedTuple):
    """The parameters found; `at_bound` names those that ran to the edge of the search."""

    parameters: tuple[float, ...]
    value: float
    converged: bool
    at_bound: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return self.converged and not self.at_bound


def maximum(
    mean: Callable[[Floats], tuple[float, Floats]],
    starts: Sequence[Sequence[float]],
    bounds: Mapping[str, tuple[float, float]],
) -> Maximum:
    """The greatest value of `mean` and where it is.

    Parameters
    ----------
    mean : of the logarithms of the parameters, the mean log-likelihood and its slopes
    starts : parameters to begin with; the later ones where the first leads nowhere
    bounds : lowest and highest value of each parameter, by its name
    """
    lowest, highest = np.log(np.array(list(bounds.values()))).T
    best: Maximum | None = None
    for how, start in [(QUICK, starts[0]), *((STURDY, start) for start in starts)]:
        found = minimize(
            lambda logs: tuple(-part for part in mean(logs)),
            np.log(start),
            jac=True,
            bounds=list(zip(lowest, highest, strict=True)),
            **how,
        )
        if not np.isfinite(found.x).all():
            continue
        logs = np.clip(found.x, lowest, highest)
        value, slopes = mean(logs)
        edge = (logs < lowest + EDGE) | (logs > highest - EDGE)
        names = tuple(name for name, there in zip(bounds, edge, strict=True) if there)
        flat = bool(np.abs(slopes[~edge]).max(initial=0.0) < STEEP)
        here = Maximum(tuple(float(p) for p in np.exp(logs)), value, flat, names)
        if best is None or here.value > best.value + BETTER:
            best = here
        if best.sound:
            break
    assert best is not None
    return best
