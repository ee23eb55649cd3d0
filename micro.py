"""CBOW and self-attention side by side: the whole algorithm in one file, in numpy.

Both models guess a word from the words around it: they make one vector y out of that context, and
score every word w of the vocabulary by o_w . y + b_w. Both learn by negative sampling:

    y = sum over j of a_j v_j
    loss = -log sigmoid(score of the true word) - K/M sum over M noise words of log sigmoid(-score)

CBOW gives every context word the same weight a_j. Self-attention computes the weights from the
words themselves. In the library the two are `mean` and `mean_query_attention` without a bias.
One seed on little text decides nothing; the study trains otherwise.
Run `python micro.py`: about a minute on one core. The text comes with the package gensim.
Shapes: B targets, n context words of each, D dimensions, M noise words, V words.
"""

import bz2
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from gensim.corpora.wikicorpus import extract_pages, filter_wiki
from gensim.test.utils import datapath
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = dict[str, Array]
State = tuple[Array, Array, Callable[[Array], tuple[Array, Weights]]]  # y, a, and the way back

DUMP = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
WINDOW, DIM, BATCH, EPOCHS = 5, 32, 128, 3
NEGATIVES, NOISE_WORDS, SUBSAMPLE = 5, 64, 1e-3
RATE, MAP_RATE = 0.25, 0.005
WORDS, SENTENCE = "war city two president is", "the president was born in the city"


# The two models. x [B, n, D] are the vectors of the context words; `present` [B, n] is 1 for a word
# and 0 where the window is longer than the sentence. `backward` turns the gradient of y into the
# gradients of x and of the maps.


def cbow(x: Array, present: Array, w: Weights) -> State:
    """The mean: every word has the same weight, and its value is its own vector."""
    v = x
    a = present / present.sum(1, keepdims=True)
    y = np.einsum("bn,bnd->bd", a, v)

    def backward(dy: Array) -> tuple[Array, Weights]:
        dv = np.einsum("bn,bd->bnd", a, dy)
        return dv, {}

    return y, a, backward


def self_attention(x: Array, present: Array, w: Weights) -> State:
    """A word's weight grows with the product of its key and the query of the whole context."""
    mean, _, backward_of_mean = cbow(x, present, w)
    scale = np.sqrt(x.shape[2])
    q, k, v = mean @ w["W_q"].T, x @ w["W_k"].T, x @ w["W_v"].T
    s = np.einsum("bd,bnd->bn", q, k) / scale
    a = softmax(np.where(present > 0, s, -np.inf))
    y = np.einsum("bn,bnd->bd", a, v)

    def backward(dy: Array) -> tuple[Array, Weights]:
        dv = np.einsum("bn,bd->bnd", a, dy)
        da = np.einsum("bd,bnd->bn", dy, v)
        ds = a * (da - (a * da).sum(1, keepdims=True)) / scale
        dq = np.einsum("bn,bnd->bd", ds, k)
        dk = np.einsum("bn,bd->bnd", ds, q)
        dx = dk @ w["W_k"] + dv @ w["W_v"] + backward_of_mean(dq @ w["W_q"])[0]
        dW_k, dW_v = (np.tensordot(d, x, ((0, 1), (0, 1))) for d in (dk, dv))
        return dx, {"W_q": dq.T @ mean, "W_k": dW_k, "W_v": dW_v}

    return y, a, backward


MODELS = {"CBOW": cbow, "self-attention": self_attention}


def gradients(
    model: str, w: Weights, batch: tuple[Array, Array, Array], noise: Array
) -> tuple[float, dict[str, tuple[Any, Array]]]:
    """The summed loss; for each weight the rows that this batch touches, and their gradients."""
    true, near, present = batch
    y, _, backward = MODELS[model](w["input"][near], present, w)
    o_true, o_noise = w["output"][true], w["output"][noise]
    good = (y * o_true).sum(1) + w["bias"][true, 0]
    bad = y @ o_noise.T + w["bias"][noise, 0]  # [B, M]: all targets share their noise words
    share = y.dtype.type(NEGATIVES / len(noise))
    loss = np.logaddexp(0, -good).sum() + (share * np.logaddexp(0, bad)).sum()

    d_good = (1 / (1 + np.exp(-good)) - 1)[:, None]
    d_bad = share / (1 + np.exp(-bad))
    dx, d_maps = backward(d_good * o_true + d_bad @ o_noise)
    scored = np.concatenate([true, noise])
    return float(loss), {
        "input": (near.ravel(), dx.reshape(-1, dx.shape[2])),
        "output": (scored, np.concatenate([d_good * y, d_bad.T @ y])),
        "bias": (scored, np.concatenate([d_good, d_bad.sum(0)[:, None]])),
        **{name: (slice(None), d) for name, d in d_maps.items()},
    }


def new_weights(words: int, rng: np.random.Generator) -> Weights:
    """As in word2vec; the values of self-attention start as the words' own vectors."""
    w = {"input": (rng.random((words, DIM)) - 0.5) / DIM, "output": np.zeros((words, DIM))}
    w |= {name: rng.standard_normal((DIM, DIM)) / np.sqrt(DIM) for name in ("W_q", "W_k")}
    w |= {"bias": np.zeros((words, 1)), "W_v": np.eye(DIM)}
    return {name: weight.astype(np.float32) for name, weight in w.items()}


def train(model: str, sentences: list[Array], counts: Array) -> Weights:
    """Adagrad with one rate a row, falling to 0; frequent words are dropped as in word2vec."""
    rng = np.random.default_rng(1)
    w = new_weights(len(counts), rng)
    squares = {name: np.full((len(weight), 1), 1e-10) for name, weight in w.items()}
    ratio = SUBSAMPLE * counts.sum() / counts
    keep, bounds = np.sqrt(ratio) + ratio, np.cumsum(noise_share(counts))
    for epoch in range(EPOCHS):
        targets = windows([words[rng.random(len(words)) < keep[words]] for words in sentences])
        order = rng.permutation(len(targets[0]))
        for start in range(0, len(order), BATCH):
            true, near, present = (part[order[start : start + BATCH]] for part in targets)
            noise = np.searchsorted(bounds, rng.random(NOISE_WORDS) * bounds[-1])
            _, updates = gradients(model, w, (true, near, present), noise)
            remaining = 1 - (epoch + start / len(order)) / EPOCHS
            for name, (rows, d) in updates.items():
                rate = remaining * (MAP_RATE if name.startswith("W_") else RATE)
                np.add.at(squares[name], rows, (d**2).mean(1, keepdims=True))
                np.add.at(w[name], rows, -rate * d / np.sqrt(squares[name][rows]))
    return w


def held_out_loss(model: str, w: Weights, sentences: list[Array], counts: Array) -> float:
    """Nats a word: -log p(true word | context) over the whole vocabulary, the noise put back."""
    true, near, present = windows(sentences)
    y, _, _ = MODELS[model](w["input"][near], present, w)
    p = softmax(y @ w["output"].T + w["bias"][:, 0] + np.log(noise_share(counts)))
    return float(-np.log(p[np.arange(len(true)), true]).mean())


def windows(sentences: list[Array]) -> tuple[Array, Array, Array]:
    """Each word that has a context, the words around it, and which of these places are filled."""
    ids, lengths = np.concatenate(sentences), [len(sentence) for sentence in sentences]
    number = np.repeat(np.arange(len(lengths)), lengths)
    at = np.arange(len(ids))[:, None] + [j for j in range(-WINDOW, WINDOW + 1) if j]
    inside = at.clip(0, len(ids) - 1)
    present = (at == inside) & (number[inside] == number[:, None])
    has_context = present.any(1)
    return ids[has_context], ids[inside][has_context], present[has_context].astype(np.float32)


def noise_share(counts: Array) -> Array:
    """Probability of each word as a noise word."""
    return np.asarray(counts**0.75 / (counts**0.75).sum())


def softmax(s: Array) -> Array:
    """Positive rows that add up to 1."""
    e = np.exp(s - s.max(1, keepdims=True))
    return np.asarray(e / e.sum(1, keepdims=True))


def read_sentences() -> Iterator[tuple[bool, list[str]]]:
    """The sentences of some Wikipedia articles; those of every tenth article are held out."""
    with bz2.open(DUMP) as dump:
        for number, (_, markup, _) in enumerate(extract_pages(dump)):
            for line in filter_wiki(markup).lower().splitlines():
                for sentence in re.split(r"[.!?] ", line if line[:1].isalpha() else ""):
                    yield number % 10 == 0, re.findall("[a-z]+", sentence)


def main() -> None:
    """Train both; print their held-out losses, nearest words, and the weights in a sentence."""
    text = list(read_sentences())
    count = Counter(word for held_out, words in text if not held_out for word in words)
    vocab = [word for word, n in count.most_common() if n >= 10]
    ids, counts = {word: i for i, word in enumerate(vocab)}, np.array([count[w] for w in vocab])
    parts: dict[bool, list[Array]] = {False: [], True: []}
    for held_out, words in text:
        parts[held_out].append(np.array([ids[word] for word in words if word in ids], dtype=int))
    for model in MODELS:
        w = train(model, parts[False], counts)
        loss = held_out_loss(model, w, parts[True], counts)
        print(f"\n{model}: {loss:.3f} nats a word on held-out sentences")
        values = w["input"] @ (w["W_v"].T if model == "self-attention" else np.eye(DIM))
        unit = values / np.linalg.norm(values, axis=1, keepdims=True)
        for word in WORDS.split():
            nearest = np.argsort(-unit @ unit[ids[word]])[1:7]
            print(f"{word:>12} is near", ", ".join(vocab[i] for i in nearest))
        true, near, present = windows([np.array([ids[word] for word in SENTENCE.split()])])
        _, a, _ = MODELS[model](w["input"][near], present, w)
        for i in range(len(true)):
            shares = (f"{vocab[j]} {x:.2f}" for j, x in zip(near[i], a[i], strict=True) if x)
            print(f"{vocab[true[i]]:>12} guessed from", ", ".join(shares))


if __name__ == "__main__":
    main()
