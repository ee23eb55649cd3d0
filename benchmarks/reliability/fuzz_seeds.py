"""The first inputs of the fuzzing: small files of each format."""

import bz2
import gzip
import io
import json
import lzma
import tempfile
from pathlib import Path

import numpy as np

PAIRS = b"cat,dog,7.5\nhorse,sheep,8\n# a comment\nbread,rice,9\ncat,rice,1\n"
CONLLU = (
    b"# sent_id = 1\n# text = Cats run.\n"
    b"1\tCats\tcat\tNOUN\tNNS\tNumber=Plur\t2\tnsubj\t_\t_\n"
    b"2\trun\trun\tVERB\tVBP\t_\t0\troot\t_\tSpaceAfter=No\n"
    b"2.1\tran\trun\tVERB\tVBP\t_\t_\t_\t0:root\t_\n"
    b"3-4\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    b"3\tdo\tdo\tAUX\tVBP\t_\t2\taux\t_\t_\n4\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_\n\n"
)
TEXT_VECTORS = b"3 4\ncat 1 2 3 4\nnew york 0.5 -1 2e-3 1\ndog 1 1 1 1\n"
CONFIG = b"""study: tiny
corpora:
- {source: text.txt, min_count: 2, held_out: 0.1, name: mine}
training:
  dim: 8
  window: 3
models:
- kind: random
- {kind: word2vec, algorithm: skip_gram, name: "a ${training.dim}"}
- kind: attention
  batch: 256
  heads: 2
seeds: [1, 2]
tasks:
- {kind: pairs, name: groups, path: pairs.csv}
- held_out_loss
statistics: {resamples: 100}
contrasts:
- {first: attention, second: a, task: groups}
vary:
  training.dim: [8, 16]
notes: [one]
"""
WIKI = (
    b"<mediawiki xmlns='http://www.mediawiki.org/xml/export-0.10/'><page><title>A</title><ns>0</ns>"
    b"<id>1</id><revision><id>2</id><text>'''A''' is [[b|c]] {{x|{{y}}}} &lt;ref&gt;z&lt;/ref&gt;"
    b"\n* item\n== H ==\n{| t\n|}\n[[File:a.jpg|thumb|[[d]] e]]</text></revision></page>"
    b"</mediawiki>"
)
USF = b"cue\ttarget\tnormed\tG\tP\tFSG\tBSG\n"
HYPERLEX = b"WORD1 WORD2 POS TYPE AVG_SCORE AVG_SCORE_0_10 STD SCORES..\n"
PUBLISHED = {
    "lemma_pairs": b"sun-n warm-j 50.0\n",
    "rated_pairs": b"squish\tmash\t7.5\t7\t8\n",
    "verb_pairs": b"take\tremove\tV\t6.8\tSYNONYMS\n",
    "msr_analogies": b",type,word1,word2,word3,target\n0,JJ_JJR,good,better,bad,worse\n",
    "categories": b",category,word\n0,animal,dog\n1,animal,\n",
    "directed_pairs": b"eat\tapple\t8.5\n",
    "usf_strength": USF + b"A\tB\tYES\t150\t9\t.06\tNA\n",
    "usf_direction": USF + b"A\tB\tY\t1\t9\t.06\t.1\nB\tA\tY\t1\t9\t.1\t.06\n",
    "hyperlex_degree": HYPERLEX + b"cat animal N hyp-1 5.9 9.9 0.1 6\n",
    "hyperlex_direction": HYPERLEX + b"cat animal N r-hyp-1 5.9 9.9 0.1\n",
    "bless": b"alligator-n\taggressive-j\tFalse\tattri\nalligator-n\tmouth-n\tFalse\tmero\n",
    "scws": b"1\tbank\tn\tmoney\tn\ta <b> bank </b> b\tc <b> money </b> d\t5.5"
    + b"\t5" * 10
    + b"\n",
    "google_analogies": b": capitals\nAthens Greece Oslo Norway\n",
    "pairs": PAIRS,
}  # fmt: skip


def published_seeds() -> tuple[bytes, ...]:
    """A file of each published format, behind its number."""
    return tuple(bytes([i]) + content for i, content in enumerate(PUBLISHED.values()))


def npy_bytes() -> bytes:
    """An array of three rows."""
    out = io.BytesIO()
    np.save(out, np.arange(12, dtype=np.float32).reshape(3, 4))
    return out.getvalue()


def safetensors_bytes() -> bytes:
    """The same, in the form of model2vec."""
    from safetensors.numpy import save

    return save({"embeddings": np.arange(12, dtype=np.float32).reshape(3, 4)})


def binary_bytes() -> bytes:
    """Two words in word2vec's binary form."""
    rows = np.arange(8, dtype="<f4").reshape(2, 4)
    return b"2 4\n" + b"".join(w + b" " + r.tobytes() + b"\n" for w, r in zip((b"a", b"b"), rows))  # noqa: B905


def tokenizer_bytes() -> bytes:
    """A tokenizer, two zero bytes, and its table."""
    tree = {
        "model": {"type": "WordLevel", "vocab": {"cat": 0, "##s": 1, "[UNK]": 2}},
        "added_tokens": [{"id": 2, "content": "[UNK]"}],
    }
    return json.dumps(tree).encode() + b"\x00\x00" + safetensors_bytes()


def fasttext_bytes() -> bytes:
    """A model of fastText with three words."""
    from gensim.models import FastText
    from gensim.models.fasttext import save_facebook_model

    model = FastText([["cat", "dog", "ox"]] * 5, vector_size=4, min_count=1, bucket=10, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        save_facebook_model(model, f"{folder}/m.bin")
        return Path(folder, "m.bin").read_bytes()


def text_seeds() -> tuple[bytes, ...]:
    """One text in each packing, with several ways to read it."""
    import zstandard

    text = "The cat runs.\r\nWe eat.\rÉtude\n".encode() * 4
    packed = (text, gzip.compress(text), bz2.compress(text), lzma.compress(text))
    whole = (*packed, zstandard.compress(text))
    return tuple(
        bytes([i + flags]) + content for flags in (0, 65, 195) for i, content in enumerate(whole)
    )


def parquet_bytes() -> bytes:
    """Two rows."""
    import pandas as pd

    table = pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]})
    table.attrs = {"c": 1}
    return bytes(table.to_parquet(index=False))


def marker_bytes() -> bytes:
    """The marker of a folder with one file."""
    file = {"sha256": "ba78", "bytes": 3, "modified_ns": 1}
    return json.dumps({"schema": 2, "files": {"a": file}, "sha256": "0"}).encode()
