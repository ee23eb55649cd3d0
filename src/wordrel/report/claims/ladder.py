"""C9: does self-attention differ from word2vec, and by one ingredient?"""

from wordrel.report import ladder, queries
from wordrel.report.claims.planned import words
from wordrel.report.text import count, number, plural
from wordrel.report.verdicts import (
    SEEDS,
    Claim,
    Rule,
    shown_value,
)
from wordrel.study.results import Results

MARGIN = 0.02
TOPS = ("mean_query_attention_position", "attention_position", "transformer_block")


def claim(results: Results) -> Claim:
    """C9, from the shares of the ingredients on every ladder."""
    climbs = [c for c in ladder.climbs(results) if c.top in TOPS]
    gains = [climb.total for climb in climbs]
    first = [climb.ranked()[0] for climb in climbs]
    alone = [climb.ahead(*climb.ranked()[:2]).clear for climb in climbs]
    verdict = "undecided"
    if climbs and min(len(climb.seeds) for climb in climbs) >= SEEDS:
        if all(gain.clear and gain.value > 0 for gain in gains):
            verdict = "supported" if all(alone) else "partly supported"
        elif all(gain.high < MARGIN for gain in gains):
            verdict = "contradicted"
    effects = [
        f"{_way(results, climb)} saves "
        f"{shown_value(ladder.whole_gain(results, climb))} nats per token, of which {name} "
        f"{_by_ordering(climb.by_ordering[name])} "
        f"(n {count(climb.n_scored)}, {plural(len(climb.seeds), 'seed')})"
        for climb, name in zip(climbs, first, strict=True)
    ]
    return Claim(verdict, effects[0], "; ".join(effects[1:])) if effects else Claim(verdict, "")


def _way(results: Results, climb: ladder.Climb) -> str:
    foot, top = (queries.label(results, model) for model in (climb.foot, climb.top))
    return f"{foot} to {top} on {climb.corpus}"


def _by_ordering(falls: tuple[float, ...]) -> str:
    least, most = number(min(falls)), number(max(falls))
    return least if least == most else f"{least} to {most} by ordering"


C9 = Rule(
    name="C9",
    claim=words("C9"),
    experiment="ladder",
    rule=(
        "On the ladders from a plain mean of the context to attention: supported where on every "
        "ladder and corpus the whole gain in held-out loss lies above 0 and the largest share of "
        "an ingredient is significantly larger than the next (intervals over seeds); partly "
        "supported where only the gains are so; contradicted where every gain lies below .02 nats."
    ),
    models=(
        *("mean", "position_weight", "mean_query_attention", "mean_query_attention_position"),
        *("next_mean", "next_position_weight", "attention", "attention_position"),
    ),
    tasks=("held_out_loss",),
    decide=claim,
    review=(
        "what word scores add changes its sign with learning rate, windows and calibration "
        "(independent review, one seed)"
    ),
)
