"""Which embedding of a model is selected: decided on development splits, before any test set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool

from wordrel.stats import MEASURES, answered_by_all, plain_scores
from wordrel.study.answers import Evaluation
from wordrel.study.schema import Row
from wordrel.tasks import Predictions

CHOSEN_BY = {
    **{name: name for name in ("alike", "relate", "direction", "in_context")},
    "syntax": "relate",
}
"""Question -> the question whose embedding it takes."""
BY_DEVELOPMENT = ("alike", "in_context")
"""Questions whose embedding development splits choose: the measure is the same similarity, and only
the table differs. How words relate is read from lifts, by design. Products differ from lifts, and
a choice among them would fit the peculiarities of one set."""
ANSWERS_ENOUGH = 0.95
"""Share of a development split that a candidate must answer, since models are compared on the items
that all answer."""


@dataclass(frozen=True)
class Choice:
    """The selected embeddings of one corpus.

    Attributes:
        selected: (model, question) -> embedding; only what development splits decided.
        rows: of the table `embeddings`.
        designed: (model, question) -> embedding; what the design decided where they did not.
    """

    selected: Mapping[tuple[str, str], str]
    rows: tuple[Row, ...]
    designed: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def embedding(self, model: str, question: str) -> str | None:
        """The embedding chosen for a question; None where the design decides."""
        return self.selected.get((model, CHOSEN_BY.get(question, question)))

    def headline(self, model: str, question: str) -> str | None:
        """The embedding that represents a model, however it was chosen; None without one."""
        key = model, CHOSEN_BY.get(question, question)
        return self.selected.get(key, self.designed.get(key))


def choose(corpus: str, evaluations: Sequence[Evaluation]) -> Choice:
    """The embedding with the highest mean score on the development splits of its question.

    Scores are means over seeds, then over splits, on the items that all candidates of the model
    answer. Equal embeddings: the one that the design would take, else the first. Of a test split,
    only the embedding that the design marks is read.
    """
    selected: dict[tuple[str, str], str] = {}
    by_design: dict[tuple[str, str], str] = {}
    rows: list[Row] = []
    for question in dict.fromkeys(
        CHOSEN_BY[a.question] for a in evaluations if a.question in CHOSEN_BY
    ):
        ours = [evaluation for evaluation in evaluations if evaluation.question == question]
        deciding = [
            evaluation
            for evaluation in ours
            if question in BY_DEVELOPMENT and not evaluation.any.detail
        ]
        dev = [evaluation for evaluation in deciding if evaluation.split == "dev"]
        for model in dict.fromkeys(key[0] for evaluation in ours for key in evaluation.outcomes):
            designed = _designed(model, ours)
            scores = _scores(model, dev)
            if scores:
                best = max(scores, key=lambda embedding: (scores[embedding], embedding == designed))
                selected[model, question] = best
            elif designed is not None:
                best, scores = designed, {designed: float("nan")}
                by_design[model, question] = designed
            else:
                continue
            rows += [
                {
                    "corpus": corpus,
                    "model": model,
                    "question": question,
                    "embedding": embedding,
                    "dev_task": "+".join(evaluation.any.task for evaluation in dev),
                    "seeds": max(len(evaluation.seeds(model)) for evaluation in (dev or ours)),
                    "score": score,
                    "chosen": embedding == best,
                    "by": "development" if (model, question) in selected else "design",
                }
                for embedding, score in scores.items()
            ]
    return Choice(selected, tuple(rows), by_design)


def marked(evaluation: Evaluation, choice: Choice) -> Evaluation:
    """The same outcomes, `selected` by the choice; as they are where it names no embedding.

    Of a detail only selected embeddings are kept: there may be none.
    """
    outcomes = {
        (model, embedding): {
            seed: _marked(outcome, choice.embedding(model, evaluation.question))
            for seed, outcome in seeds.items()
        }
        for (model, embedding), seeds in evaluation.outcomes.items()
    }
    if evaluation.any.detail:
        outcomes = {k: v for k, v in outcomes.items() if any(o.selected for o in v.values())}
    return replace(evaluation, outcomes=outcomes)


def _marked(outcome: Predictions, chosen: str | None) -> Predictions:
    if chosen is None or not outcome.embedding:
        return outcome
    return replace(outcome, selected=outcome.embedding == chosen)


def _designed(model: str, evaluations: Iterable[Evaluation]) -> str | None:
    """The embedding that the model's own design marks."""
    embeddings = (
        key[1]
        for evaluation in evaluations
        for key, seeds in evaluation.outcomes.items()
        if key[0] == model and key[1] and any(outcome.selected for outcome in seeds.values())
    )
    return next(embeddings, None)


def _scores(model: str, dev: Sequence[Evaluation]) -> dict[str, float]:
    """Embedding -> mean score; of the embeddings that are candidates on every development split."""
    by_task = [scored for evaluation in dev if (scored := _by_embedding(model, evaluation))]
    first = by_task[0] if by_task else {}
    common = [embedding for embedding in first if all(embedding in scores for scores in by_task)]
    return {
        embedding: float(np.mean([scores[embedding] for scores in by_task])) for embedding in common
    }


def _by_embedding(model: str, evaluation: Evaluation) -> dict[str, float]:
    outcome = evaluation.any
    own = evaluation.predicted(lambda key: key[0] == model)
    answers = {embedding: rows for (_, embedding), rows in own.items()}
    answered = {embedding: answered_by_all([rows]) for embedding, rows in answers.items()}
    enough = ANSWERS_ENOUGH * outcome.covered.sum()
    candidates = [embedding for embedding in answers if answered[embedding].sum() >= enough]
    if not candidates:
        return {}
    common: Bool[np.ndarray, " P"] = np.all(
        [answered[embedding] for embedding in candidates], axis=0
    )
    measure, gold = MEASURES[outcome.measure], outcome.gold[common]
    scores = {v: plain_scores(measure, gold, answers[v][:, common]).mean() for v in candidates}
    return {embedding: float(score) for embedding, score in scores.items() if not np.isnan(score)}
