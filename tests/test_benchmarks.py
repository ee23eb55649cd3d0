"""The benchmark: it counts and computes what it says, and its page is that of its rows.

Nothing here depends on how long anything takes.
"""

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from gensim.models import Word2Vec
from scipy.stats import spearmanr
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import (
    child,
    evaluators,
    hosts,
    material,
    plain,
    quality,
    scaling,
    table,
    throughput,
    training,
    variants,
)
from benchmarks import operations as ops
from benchmarks.material import QUICK, Material, first_tokens, zipf_corpus
from benchmarks.rows import Aim, Rows
from benchmarks.speed import PARTS, run_parts
from planted import Plan, partners, planted_corpus, split_of, toy_corpus
from task_spaces import pairs_task, task_of
from wordrel.config import (
    ARCHITECTURES,
    MatchedConfig,
    ModelConfig,
    TrainingConfig,
    parse_config,
)
from wordrel.corpus import corpus_folder, open_corpus
from wordrel.errors import CorpusError, StoreError, WordrelError
from wordrel.models.matched.model import Model, new_model
from wordrel.models.stream import Batch, Cutter, block_of
from wordrel.tasks import Task, load_task

ROOT = Path(__file__).resolve().parents[1]
TRAINING = TrainingConfig(dim=8, window=3, epochs=1, subsample=0)
SENTENCES = [[int(w) for w in np.random.default_rng(n).integers(13, size=n)] for n in (11, 1, 5, 2)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def given(place: Path) -> Material:
    """A small planted corpus, and its partners as the pairs that people find alike."""
    plan = Plan(topics=4, topic_words=3, sentences=1500)
    corpus, pairs = planted_corpus(plan, place), partners(plan)
    unlike = [(a, d) for (a, _), (_, d) in pairwise(pairs)]
    lines = [f"{a}\t{b}\t{10 * (b[0] == a[0])}\n" for a, b in pairs + unlike]
    (place / "pairs.tsv").write_text("".join(lines))
    return Material(
        sizes=replace(QUICK, tokens=300, plain_tokens=100, steps=1, matrix=32, budget=60.0),
        text=lambda: corpus_folder(place / "cache", corpus.name, corpus.digest),
        men=lambda: pairs_task("men_dev", place / "pairs.tsv"),
        training=TRAINING,
    )


# The plain way --------------------------------------------------------------------------------


def random_model(**settings: Any) -> Model:
    config = MatchedConfig(kind="attention_position", **settings)
    model = new_model(config, TRAINING, 13, seed=1)
    generator = torch.Generator().manual_seed(2)

    def noisy(weight: torch.Tensor) -> torch.Tensor:
        return weight.double() + torch.randn(weight.shape, generator=generator).double()

    dense = {name: noisy(weight) for name, weight in model.dense.items()}
    return Model(config, noisy(model.inputs), noisy(model.outputs), noisy(model.bias), dense)


def batches(chunk: int) -> Iterator[Batch]:
    of = np.repeat(np.arange(len(SENTENCES)), [len(sentence) for sentence in SENTENCES])
    block = block_of(split_of(SENTENCES).ids, of, len(of))
    cutter = Cutter(TRAINING.window, True, chunk, 64)
    return cutter.batches(block, np.random.default_rng(5), shuffle=False)


@pytest.mark.parametrize("scale", [True, False])
def test_the_plain_way_computes_the_states_of_our_attention(scale: bool) -> None:
    model = random_model(scale=scale)
    (ours,), (single,) = batches(chunk=7), batches(chunk=1)
    y, has_context = model.states(ours)
    wanted = y[has_context & torch.from_numpy(ours.real)]
    context, size, target = plain.unrolled(single)
    states = plain.PlainAttention(model).double().states(context, size)
    assert len(wanted) == sum(map(len, SENTENCES)) - len(SENTENCES)  # all but the firsts
    torch.testing.assert_close(states, wanted, rtol=1e-10, atol=1e-10)
    assert target.tolist() == [word for sentence in SENTENCES for word in sentence[1:]]


def test_the_plain_loss_is_negative_sampling_by_hand() -> None:
    model = random_model()
    net = plain.PlainAttention(model).double()
    (batch,) = batches(chunk=1)
    context, size, target = (some[:2] for some in plain.unrolled(batch))
    noise = torch.tensor([[3, 4], [4, 5]])
    y = net.states(context, size).detach().numpy()
    outputs, bias = model.outputs.numpy(), model.bias.numpy().ravel()
    nats = 0.0
    for i in range(2):
        scores = [outputs[w] @ y[i] + bias[w] for w in (int(target[i]), *noise[i].tolist())]
        nats += math.log1p(math.exp(-scores[0])) + sum(math.log1p(math.exp(s)) for s in scores[1:])
    assert net(context, size, target, noise).item() == pytest.approx(nats / 2)


@pytest.mark.parametrize("fused", [False, True])
def test_the_plain_way_learns(given: Material, fused: bool) -> None:
    corpus, config = open_corpus(given.text()), training.ATTENTION.model_copy(update={"batch": 32})
    seconds, losses = plain.train(corpus, TRAINING, config, fused=fused)
    assert seconds > 0
    assert losses[0] == pytest.approx(6 * math.log(2), rel=1e-3)
    assert np.mean(losses[-5:]) < 0.95 * losses[0]


# Operations -----------------------------------------------------------------------------------


def test_operations_of_a_tiny_step_are_those_counted_by_hand() -> None:
    # B = 4 targets in chunks of 2, W = 3, so S = 4 tokens; D = 5; one group of 4, M = 3
    maps = 2 * (4 * 5 * 5) + 125  # queries, values, W_q^T W_k
    attention = 2 * (4 * 4 * 5)  # scores, mixture
    noise = 4 * 3 * 5
    wanted = {"maps": 3 * maps, "attention": 3 * attention, "noise": 3 * noise}
    assert ops.multiply_adds(targets=4, tokens=4, dim=5, group=4, noise=3) == wanted


@pytest.mark.parametrize("group", [64, 50])
def test_operations_of_a_step_are_those_that_torch_counts(given: Material, group: int) -> None:
    config = training.ATTENTION.model_copy(update={"batch": 128, "group": group})
    trainer = training.new_trainer(open_corpus(given.text()), TRAINING, config)
    (batch,) = ops.full_batches(trainer, given)
    with FlopCounterMode(display=False) as counter:
        trainer.step(batch, remaining=1.0)
    shape = ops.shape_of(trainer)
    assert (shape["targets"], shape["tokens"], shape["noise"]) == (128, 32 + 3 - 1, 64)
    assert counter.get_total_flops() == 2 * sum(ops.multiply_adds(**shape).values())


def test_operations_inside_windows_leave_out_the_tokens_that_a_target_cannot_see(
    given: Material,
) -> None:
    rows = {row.measure: row.value for row in ops.operations(given) if row.what == ops.STEP}
    outside = rows["operations"] - rows["operations inside windows"]
    # a chunk of 32 targets with windows of 3 shares 34 tokens, of which each target sees 3
    assert outside == pytest.approx(rows["operations for attention"] * 31 / 34)


def test_a_text_that_is_too_short_for_its_steps_is_named(given: Material) -> None:
    trainer = training.new_trainer(open_corpus(given.text()), TRAINING, training.ATTENTION)
    longer = replace(given, sizes=replace(given.sizes, steps=99))
    with pytest.raises(CorpusError, match=r"full batches of 4096 targets, expected 99: give a lo"):
        ops.full_batches(trainer, longer)


# Text, MEN, what is timed ---------------------------------------------------------------------


def test_a_corpus_is_cut_after_a_whole_sentence() -> None:
    corpus = toy_corpus([[0, 1], [2, 0, 1], [1, 2]])
    cut = first_tokens(corpus, 6)
    assert cut.train.ids.tolist() == [0, 1, 2, 0, 1]
    assert cut.train.sentence_ends.tolist() == cut.train.document_ends.tolist() == [2, 5]
    within = replace(corpus, train=replace(corpus.train, document_ends=np.array([7])))
    assert first_tokens(within, 6).train.document_ends.tolist() == [5]
    assert first_tokens(corpus, 7).train.ids.tolist() == corpus.train.ids.tolist()
    assert first_tokens(corpus, 1).train.ids.tolist() == [0, 1]  # at least one


def test_synthetic_text_follows_zipf() -> None:
    corpus = zipf_corpus(50, 20_010)
    found = np.bincount(corpus.train.ids, minlength=50)
    wanted = 20_010 / np.arange(1, 51) / (1 / np.arange(1, 51)).sum()
    assert np.abs(found - wanted).max() < 5 * math.sqrt(wanted.max())
    assert found.sum() == corpus.train.sentence_ends[-1] == 20_010
    assert np.diff(corpus.train.sentence_ends).tolist() == [20] * 999 + [10]
    shares = corpus.vocab.counts / corpus.vocab.counts.sum()
    np.testing.assert_allclose(shares, wanted / 20_010, rtol=1e-6)


def test_without_the_data_its_parts_say_so_and_the_others_run(
    given: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORDREL_DATA", raising=False)
    men = partial(load_task, "men_dev", tmp_path)
    without = replace(given, text=partial(material.wiki17m, tmp_path), men=men)
    said: list[str] = []
    assert not run_parts(["throughput", "quality", "vocabulary"], without, tmp_path, said.append)
    assert any("set WORDREL_DATA to a folder that has it" in line for line in said[1:2])
    assert any("wordrel tasks fetch men_dev" in line for line in said[3:4]), said
    assert {*table.read_rows(tmp_path / "speed.csv")["part"]} == {"vocabulary"}


def test_the_models_have_the_settings_of_the_ladder() -> None:
    text = (ROOT / "configs" / "ladder.yaml").read_text(encoding="utf-8")
    ladder = {model.name: model for model in parse_config(yaml.safe_load(text)).models}
    measured = (*throughput.SHOWN, *quality.OTHERS, *scaling.MODELS)

    def settings(model: ModelConfig) -> ModelConfig:  # without maps there is no q.k to scale
        unscaled = isinstance(model, MatchedConfig) and not ARCHITECTURES[model.kind].maps
        return model.model_copy(update={"scale": False} if unscaled else {})

    assert [m for m in measured if settings(ladder[m.name]) != settings(m)] == []


@pytest.mark.parametrize("config", [training.CBOW, training.MEAN], ids=lambda config: config.name)
def test_the_making_of_tables_does_not_count(config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def slow(make: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        def made(*given: Any, **named: Any) -> Any:
            done = make(*given, **named)
            now[0] += seconds
            return done

        return made

    monkeypatch.setattr(training.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(training, "new_model", slow(training.new_model, 100))
    monkeypatch.setattr(training, "run", slow(training.run, 3))
    prepare, train = Word2Vec.build_vocab_from_freq, Word2Vec.train
    monkeypatch.setattr(Word2Vec, "build_vocab_from_freq", slow(prepare, 100))
    monkeypatch.setattr(Word2Vec, "train", slow(train, 3))
    corpus = toy_corpus([[0, 1, 2], [2, 1, 0]] * 20)
    assert training.training_seconds(TRAINING, config)(corpus) == 3


def test_rounds_are_interleaved() -> None:
    order: list[str] = []

    def job(name: str) -> float:
        order.append(name)
        return float(len(order))

    found = training.interleaved({name: partial(job, name) for name in "ab"}, 3)
    assert "".join(order) == "ababab"
    assert found == {"a": [1, 3, 5], "b": [2, 4, 6]}


# Rows, their table and their page -------------------------------------------------------------


def test_aims() -> None:
    least, most = Aim(least=0.3, reach=0.5), Aim(most=2.0)
    assert [str(aim) for aim in (least, most, Aim())] == [
        "at least 0.3; reach 0.5",
        "at most 2",
        "",
    ]
    assert [least.met(value, value) for value in (0.29, 0.3, 0.6)] == ["no", "yes", "yes"]
    assert [most.met(value, value) for value in (1.9, 2.0, 2.1)] == ["yes", "yes", "no"]
    assert [most.met(math.nan, low) for low in (1.9, 2.1)] == ["", "no"]
    assert Aim().met(1.0, 1.0) == ""


def test_a_ratio_is_taken_within_its_round() -> None:
    rows = Rows("throughput", {("a", "b"): Aim(least=2.0)})
    rounds = {"a": [2.0, 40.0, 9.0], "b": [1.0, 10.0, 3.0]}
    (row,) = rows.ratios(rounds, [("a", "b")], "x")
    assert (row.value, row.low, row.high, row.n) == (3, 2, 4, 3)
    assert (row.aim, row.met) == ("at least 2", "yes")


HAND_MADE = """\
part,what,beside,measure,value,low,high,n,unit,aim,met
throughput,mean,cbow,tokens a second,0.71234,0.65,0.8,5,times,at least 0.6; reach 1,yes
throughput,mean,,"rate, 1,000,000 tokens a round",612345,600000,700001,5,tokens/s,,
quality,attention_position,cbow,seconds to quality,,2.5,,1,times,at most 2,no
quality,target,,MEN-dev Spearman,0.6,0.6,0.6,1,Spearman,,
variants,torch.compile of Model.mixed,,not measured: there is no C++ compiler here,,,,0,,,
"""


def test_a_hand_made_table_makes_this_page(tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text(HAND_MADE)
    rows = table.read_rows(tmp_path / "speed.csv")
    assert table.to_csv(rows) == HAND_MADE
    page = table.render(rows)
    assert "1 of 2 are met." in page
    lines = page.splitlines()
    for line in (
        "| Throughput | mean | cbow | tokens a second | at least 0.6; reach 1 | met | "
        "0.712 [0.650, 0.800] times | 5 |",
        "| Time to quality | attention_position | cbow | seconds to quality | at most 2 | "
        "**not met** | more than 2.50 times | 1 |",
        "| mean |  | rate, 1,000,000 tokens a round | 612,345 [600,000, 700,001] tokens/s | 5 |",
        "| target |  | MEN-dev Spearman | 0.600 Spearman | 1 |",
        "| torch.compile of Model.mixed |  | not measured: there is no C++ compiler here | – | – |",
    ):
        assert line in lines, line
    heads = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert heads == ["Aims", "Throughput", "Time to quality", "What was tried"]


def test_a_part_that_is_stored_replaces_its_own_rows_alone(tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text(HAND_MADE)
    before = table.read_rows(tmp_path / "speed.csv")
    new = Rows("quality").of("mean", "seconds to quality", [2.0], "s")
    table.store_part(tmp_path, "quality", [new], {"commit": "b"})
    after = table.read_rows(tmp_path / "speed.csv")
    kept, fresh = after[after["part"] != "quality"], after[after["part"] == "quality"]
    assert table.to_csv(kept) == table.to_csv(before[before["part"] != "quality"])
    assert table.to_csv(fresh) == table.to_csv(table.as_table([new]))
    assert [*after["part"]] == ["throughput", "throughput", "quality", "variants"]
    assert (
        tmp_path / "environment.json"
    ).read_text() == '{\n  "quality": {\n    "commit": "b"\n  }\n}\n'
    assert (tmp_path / "report.md").read_text() == table.render(after)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("part,what", "part,which", r"csv: Usecols.*what.*expected the columns part, what"),
        (
            ",5,times",
            ",five,times",
            r"csv: .*five.*expected the columns part, what.*take the file from git",
        ),
        ("quality,target", "quantity,target", r"csv: .*quantity.*the parts throughput, quality"),
        (",,0,,,", ",,0,,", r"csv: not written as .*take the file from git"),
    ],
)
def test_a_damaged_table_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "speed.csv").write_text(HAND_MADE.replace(old, new))
    with pytest.raises(StoreError, match=message):
        table.read_rows(tmp_path / "speed.csv")


def test_the_committed_page_is_what_its_table_gives() -> None:
    folder = ROOT / "results" / "speed"
    rows = table.read_rows(folder / "speed.csv")
    assert len(rows) > 100
    assert (folder / "report.md").read_text(encoding="utf-8") == table.render(rows)


# The parts at tiny size -----------------------------------------------------------------------


def in_this_process(cell: child.Cell) -> child.Cost:
    return child.cost(cell)


@cache
def tasks_of_gensim() -> list[Task]:
    """Tasks of the question alike whose data is always there, and one of another kind."""
    zoo = task_of("categories", ["love", "old", "cat"], labels="aab", measure="accuracy")
    return [load_task("ws353"), load_task("simlex999"), some_analogies(), zoo]


def some_analogies() -> Task:
    """Every tenth of Google's questions."""
    task = load_task("google_analogies")
    items = replace(
        task.items,
        words=task.items.words[::10],
        gold=task.items.gold[::10],
        cluster=task.items.cluster[::10],
        labels=task.items.labels[::10],
    )
    return replace(task, items=items)


@pytest.fixture
def quick(given: Material, monkeypatch: pytest.MonkeyPatch) -> Material:
    """Small enough for a test, and without processes of its own."""
    monkeypatch.setattr(scaling, "measure", in_this_process)
    monkeypatch.setattr(evaluators, "alike_tasks", tasks_of_gensim)
    small = [  # a batch of thousands explodes where words are this few
        config if config is training.SKIP_GRAM else config.model_copy(update={"batch": 64})
        for config in quality.OTHERS
    ]
    monkeypatch.setattr(quality, "OTHERS", tuple(small))
    return replace(
        given,
        sizes=replace(
            given.sizes,
            vocabularies=(20, 40),
            vocabulary_tokens=500,
            corpora=(100, 300),
            memory_words=30,
            memory_tokens=400,
            variant_tokens=400,
            speed_tokens=200,
        ),
    )


AIMED = {
    "throughput": [
        ("mean", "cbow", "at least 0.6; reach 1"),
        ("attention_position", "cbow", "at least 0.3; reach 0.5"),
        ("attention_position", "the plain way", "at least 5"),
    ],
    "quality": [
        ("mean", "cbow", "at most 1"),
        ("attention_position", "cbow", "at most 2"),
        ("mask_query_attention", "cbow", "at most 2"),
    ],
    "operations": [(ops.STEP, ops.PRODUCT, "at least 0.4")],
    "vocabulary": [
        ("mean, 40 words", "mean, 20 words", "at most 1.3"),
        ("attention_position, 40 words", "attention_position, 20 words", "at most 1.3"),
    ],
    "corpus": [("300 tokens", "100 tokens", "at most 1.3")] * 2,  # seconds, memory
    "memory": [(kind, scaling.TABLES, "at most 500") for kind in ("mean", "attention_position")],
    "variants": [],
    "evaluators": [
        ("Google's analogies", "gensim's evaluate_word_analogies", "at least 5"),
        (evaluators.ALL, "", "at most 25"),
        (evaluators.MEMORY, "", "at most 1500"),
    ],
}


@pytest.mark.parametrize("part", AIMED)
def test_a_part_at_tiny_size_gives_well_formed_rows_and_its_aims(
    part: str, quick: Material
) -> None:
    rows = list(PARTS[part](quick))
    assert {row.part for row in rows} == {part}
    assert len({(row.what, row.beside, row.measure) for row in rows}) == len(rows)
    for row in rows:
        if math.isnan(row.value):  # not measured, or only known to be more than something
            assert row.met != "yes"
            assert bool(row.aim) or not row.met
            assert row.n == (not math.isnan(row.low))
        else:
            assert row.low <= row.value <= row.high
            assert row.value > 0 or row.unit == "Spearman"
            assert (row.met in ("yes", "no")) == bool(row.aim)
    assert [(row.what, row.beside, row.aim) for row in rows if row.aim] == AIMED[part]
    page = table.render(table.as_table(rows))
    assert all(f"| {row.measure} |" in page for row in rows)


def test_parts_and_titles_are_the_same() -> None:
    assert {*PARTS} == {*table.TITLES} == {*AIMED, "cluster"}


def test_what_tables_and_optimiser_need() -> None:
    # 2 tables of 50,000 x 100, a bias, a number a row of each of the three; 4 bytes a number
    assert scaling.tables_mb(50_000, 100) == pytest.approx((2 * 20e6 + 4 * 200e3) / 1e6)


def test_a_process_of_its_own_trains_the_same_tokens() -> None:
    cost = child.measure(child.Cell(model=training.MEAN, training=TRAINING, tokens=400, words=30))
    assert cost.tokens == 400
    assert cost.seconds > 0
    assert cost.peak_mb > 50


def test_a_process_of_its_own_that_fails_says_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho first >&2\necho no room >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(WordrelError, match="ended with 3 and said no room; expected 0"):
        child.measure(child.Cell(model=training.MEAN, training=TRAINING, tokens=400, words=30))


def test_a_model_is_judged_in_its_selected_embedding_on_the_pairs_that_it_knows(
    given: Material, tmp_path: Path
) -> None:
    corpus = open_corpus(given.text())
    model = training.new_trainer(corpus, TRAINING, training.ATTENTION)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        model.model.dense["W_v"].copy_(torch.randn(8, 8, generator=generator))
    words = corpus.vocab.words[:6]
    pairs = [(a, b, 3 * i % 7) for i, (a, b) in enumerate(pairwise(words))]
    lines = [f"{a}\t{b}\t{score}\n" for a, b, score in [*pairs, ("unknown", words[0], 9)]]
    (tmp_path / "pairs").write_text("".join(lines))
    word_model = variants.readings_of(model, corpus)
    score, known = material.judge(word_model, pairs_task("men_dev", tmp_path / "pairs"))
    cosines = [word_model.similarity(a, b, "input") for a, b, _ in pairs]
    assert known == len(pairs)
    assert score == pytest.approx(spearmanr([gold for *_, gold in pairs], cosines).statistic)
    others = [word_model.similarity(a, b, "value") for a, b, _ in pairs]
    assert score != pytest.approx(spearmanr([gold for *_, gold in pairs], others).statistic)


def test_the_loss_at_the_end_is_the_mean_of_the_last_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = toy_corpus([[0, 1] * 10] * 5)  # 100 tokens
    trainer = training.new_trainer(corpus, TRAINING, training.MEAN)
    steps = [SimpleNamespace(read=5.0, number=number) for number in range(20)]
    rates: list[float] = []

    def step(batch: Any, remaining: float) -> Any:
        rates.append(remaining)
        return SimpleNamespace(total=lambda: (10.0 * batch.number, 10))

    monkeypatch.setattr(variants, "batches", lambda *_: iter(steps))
    monkeypatch.setattr(trainer, "step", step)
    assert variants.loss_at_the_end(trainer, corpus) == 18.5  # of 18 and 19
    assert rates == pytest.approx([1 - number / 20 for number in range(20)])


def test_nothing_is_compiled_where_there_is_no_compiler(
    given: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert variants.why_not_compiled(given) == "left out of a quick run"
    full = replace(given, sizes=replace(given.sizes, compiled=True))
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert variants.why_not_compiled(full) == "there is no C++ compiler here"
    monkeypatch.setenv("CXX", sys.executable)
    assert variants.why_not_compiled(full) == ""


# Evaluators -----------------------------------------------------------------------------------


def test_the_words_of_all_tasks_come_in_turn_before_those_of_none() -> None:
    tasks = [
        task_of("pairs", ["Cat dog", "cat cow"]),
        task_of("analogies", ["a b c d/e"], labels=["letters"], measure="accuracy"),
    ]
    vocab = evaluators.vocabulary(tasks, 10)
    assert vocab.words == ("cat", "a", "dog", "b", "c", "cow", "d", "e", "filler-0", "filler-1")
    assert (np.diff(vocab.counts) < 0).all()
    assert evaluators.vocabulary(tasks, 3).words == ("cat", "a", "dog")


def test_vectors_are_random_but_for_planted_analogies() -> None:
    tasks = [some_analogies()]
    vocab = evaluators.vocabulary(tasks, 2000)
    word_model = evaluators.model(tasks, vocab, dim=50, n_embeddings=2)
    assert [embedding.shape for embedding in word_model.embeddings.values()] == [(2000, 50)] * 2
    score = evaluators.ours(tasks, word_model)["google_analogies"]
    assert score.n == 1955
    assert 0.1 < score.value < 0.9
    unplanted = [replace(tasks[0], kind="pairs")]
    random = evaluators.model(unplanted, vocab, dim=50, n_embeddings=1)
    assert evaluators.ours(tasks, random)["google_analogies"].value < 0.01
    first, second = word_model.embeddings.values()
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.02


def test_an_evaluator_that_says_other_than_gensim_is_not_believed() -> None:
    score = evaluators.Score(0.5, 100)
    evaluators.require_equal({"men": score}, {"men": evaluators.Score(0.5 + 9e-7, 100)})
    for other in ((0.5 + 2e-6, 100), (0.5, 99), (math.nan, 100)):
        with pytest.raises(
            WordrelError, match=r"men: found 0\.50000000 on 100 items, expected gen"
        ):
            evaluators.require_equal({"men": score}, {"men": evaluators.Score(*other)})


def test_gensim_is_asked_the_same_items(quick: Material) -> None:
    larger = replace(quick, sizes=replace(quick.sizes, memory_words=400))
    rows = list(evaluators.evaluators(larger))
    equal = {row.what: row.measure for row in rows if "gensim's to 1e-06" in row.measure}
    assert [*equal] == ["google_analogies", "ws353", "simlex999"]
    n_items = [int(text.split(", of ")[1].split()[0].replace(",", "")) for text in equal.values()]
    assert min(n_items) > 20
    total = f"{n_items[1] + n_items[2]:,} items"
    assert [row.what for row in rows if row.measure == total] == [
        "word pairs",
        "gensim's evaluate_word_pairs",
    ]


# Time to quality, hosts -----------------------------------------------------------------------


def test_time_to_quality_is_that_of_the_shortest_run_that_is_good(
    quick: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs, scores = (1, 2, 3, 5), {"cbow": 0.6, "mean": 0.585, "attention_position": 0.5}
    asked: list[tuple[str, int]] = []

    def run(self: quality.Trial, config: Any, number: int) -> quality.Run:
        asked.append((config.name, number))
        score = scores.get(config.name, 0.4) - (0.01 * (5 - number) if config.name != "mean" else 0)
        return quality.Run(10.0 * number, score, 4)

    monkeypatch.setattr(quality.Trial, "run", run)
    slower = replace(quick, sizes=replace(quick.sizes, epochs=epochs, budget=41.0))
    rows = {(row.what, row.beside, row.measure): row for row in quality.quality(slower)}
    assert [number for name, number in asked if name == "cbow"] == [5, 3, 2]
    assert [number for name, number in asked if name == "mean"] == [1]
    # 5 epochs should take 50 seconds, and there are 41
    assert [number for name, number in asked if name == "attention_position"] == [1, 2, 3]
    assert rows["target", "", "MEN-dev Spearman, n 4 pairs"].value == pytest.approx(0.58)
    assert rows["cbow", "", quality.MEASURE].value == 30
    ratio = rows["mean", "cbow", quality.MEASURE]
    assert (ratio.value, ratio.met) == (pytest.approx(1 / 3), "yes")
    ratio = rows["attention_position", "cbow", quality.MEASURE]
    assert math.isnan(ratio.value)
    assert (ratio.low, ratio.met) == (1.0, "")
    late = replace(quick, sizes=replace(quick.sizes, epochs=epochs, budget=-1.0))
    unknown = [row for row in quality.quality(late) if row.n == 0]
    assert [(row.what, row.aim) for row in unknown] == [
        ("mean", "at most 1"),
        ("attention_position", "at most 2"),
        ("mask_query_attention", "at most 2"),
        ("skip_gram", ""),
    ]


SAME_TABLES = "tables the same byte for byte, of 4"


def test_hosts_are_compared_table_by_table(tmp_path: Path) -> None:
    trials = {}
    for number, what in enumerate((hosts.HERE, hosts.CLUSTER, hosts.LOST)):
        folder = tmp_path / str(number)
        cell = folder / "cache" / "cells" / "text" / "mean-seed1"
        for path in (folder / "out", cell, cell.with_name(".half.partial")):
            path.mkdir(parents=True)
        for path in (cell, cell.with_name(".half.partial")):
            (path / "DONE").touch()
        for name in hosts.TABLES:
            (folder / "out" / name).write_text("a" if number < 2 or name > "scores" else "b")
        trials[what] = hosts.Trial(folder, 1.5 + number, lost=number // 2)
    rows = {(row.what, row.measure): row for row in hosts.rows_of(trials)}
    assert [rows[what, "cells trained, of 8"].value for what in trials] == [1, 1, 1]
    assert [rows[what, "workers lost at work"].value for what in trials] == [0, 0, 1]
    same = [rows[what, SAME_TABLES] for what in (hosts.CLUSTER, hosts.LOST)]
    assert [(row.value, row.met) for row in same] == [(4, "yes"), (2, "no")]


@pytest.mark.slow
def test_a_study_on_hosts_at_tiny_size(quick: Material) -> None:
    rows = {(row.what, row.measure): row.value for row in PARTS["cluster"](quick)}
    for what in (hosts.CLUSTER, hosts.LOST):
        assert rows[what, SAME_TABLES] == len(hosts.TABLES)
        assert rows[what, "cells trained, of 8"] == 8
    assert rows[hosts.CLUSTER, "workers lost at work"] == 0
