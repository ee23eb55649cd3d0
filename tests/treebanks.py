"""Parsed sentences made by hand or at random, for the tests of tasks on treebanks."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wordrel.tasks.base import Task
from wordrel.tasks.items import Items, Token, Treebank
from wordrel.tasks.registry import REGISTRY


def tree(text: str) -> tuple[Token, ...]:
    """Words as form/upos/head/deprel; heads count from 1, and 0 is the root, as in CoNLL-U."""
    words = (word.rsplit("/", 3) for word in text.split())
    return tuple(
        Token(word_form, upos, int(head) - 1, deprel) for word_form, upos, head, deprel in words
    )


def bank(trees: Sequence[tuple[Token, ...]]) -> Treebank:
    return Treebank(
        words=(),
        gold=np.array([len(tree) for tree in trees], dtype=np.float64),
        cluster=np.arange(len(trees)),
        trees=tuple(trees),
    )


def random_bank(
    rng: np.random.Generator, sentences: int, words: dict[str, Sequence[str]], length: int = 8
) -> Treebank:
    """Words of random parts of speech, each a dependent of a random other one."""
    names = list(words)
    trees = []
    for _ in range(sentences):
        n = int(rng.integers(3, length + 1))
        heads = [int(rng.choice([h for h in range(n) if h != i])) for i in range(n)]
        heads[int(rng.integers(n))] = -1
        trees.append(
            tuple(
                Token(str(rng.choice(words[upos])), upos, head, f"to_{upos.lower()}")
                for upos, head in zip(rng.choice(names, n).tolist(), heads, strict=True)
            )
        )
    return bank(trees)


def task_of(items: Items, kind: str, **others: Any) -> Task:
    values: dict[str, Any] = {
        "name": kind,
        "kind": kind,
        "question": "syntax",
        "measure": "auc",
        "better": "higher",
        "split": "test",
        "items": items,
        "digest": "0" * 12,
        "info": REGISTRY["held_out_loss"],
    }
    return Task(**values | others)
