"""The published data sets: where each is from, under which licence, how it is had.

Pure metadata: reads and writes nothing. Sizes and checksums of the files stand in
`data_files.txt` beside this module.
"""

from dataclasses import dataclass

from wordrel.tasks.citations import BIBTEX

_RAW = "https://raw.githubusercontent.com"
_WORD2GM = f"{_RAW}/benathi/word2gm/56bda7d964b2eede9b0280e7b9a3b9cdbb06fa38/evaluation_data"
_FARUQUI = (
    f"{_RAW}/mfaruqui/eval-word-vectors/94b3dd9fdbac7ed08dbee7179cd5ee464acf0594/data/word-sim/"
)
_VECTO = f"{_RAW}/vecto-ai/word-benchmarks/9b61d0e067e2e68af22160d09450f82d9544cd70"


@dataclass(frozen=True)
class DataSet:
    """A published set: a folder of files, below `$WORDREL_DATA/eval` or the cache.

    Attributes:
        folder: its name.
        url: what stands before the path of each file, pinned to a commit; of the archive if any.
        reference: where the set is described.
        license: as its source states it; "not specified" where it says nothing.
        date: the year it was published.
        bibtex_citation: of the paper that made it.
        archive: the zip file at `url` that holds the files; empty where each has its address.
        unavailable: path of a file to why it cannot be downloaded, and where its content is from.
    """

    folder: str
    url: str
    reference: str
    date: str
    bibtex_citation: str
    license: str = "not specified"
    archive: str = ""
    unavailable: tuple[tuple[str, str], ...] = ()


_WS353 = DataSet(
    folder="ws353",
    url=_FARUQUI,
    reference="https://aclanthology.org/N09-1003/",
    date="2009",
    bibtex_citation=BIBTEX["ws353_split"],
)

_MEN = DataSet(
    folder="men3k",
    url=f"{_WORD2GM}/MEN/",
    reference="https://doi.org/10.1613/jair.4135",
    license="cc-by-2.0",
    date="2014",
    bibtex_citation=BIBTEX["men3k"],
)

_RW = DataSet(
    folder="rw",
    url=f"{_RAW}/ziyi-yang/KG2Vec/7ec9cf5bdf4694543caf48fa747b98450bc7ef6c/test_data/rw/",
    reference="https://aclanthology.org/W13-3512/",
    date="2013",
    bibtex_citation=BIBTEX["rw"],
)

_SIMVERB = DataSet(
    folder="simverb3500",
    url=f"{_WORD2GM}/simverb/data/",
    reference="https://aclanthology.org/D16-1235/",
    date="2016",
    bibtex_citation=BIBTEX["simverb3500"],
)

_MTURK = DataSet(
    folder="mturk287",
    url=_FARUQUI,
    reference="https://doi.org/10.1145/1963405.1963455",
    date="2011",
    bibtex_citation=BIBTEX["mturk287"],
)

_MSR = DataSet(
    folder="msr_syntactic",
    url=f"{_VECTO}/word-analogy/monolingual/en/",
    reference="https://aclanthology.org/N13-1090/",
    date="2013",
    bibtex_citation=BIBTEX["msr_syntactic"],
)

_BATS = DataSet(
    folder="bats3",
    url=f"{_RAW}/commonsense/conceptnet5/fda1b39607ea6f07e41ddce22d9d5f8360ded581/"
    "conceptnet5/support_data/bats/",
    reference="https://aclanthology.org/N16-2002/",
    date="2016",
    bibtex_citation=BIBTEX["bats3"],
)

_AP = DataSet(
    folder="ap",
    url=f"{_VECTO}/word-categorization/monolingual/en/",
    reference="https://github.com/vecto-ai/word-benchmarks",
    date="2006",
    bibtex_citation=BIBTEX["ap"],
)

_SP10K = DataSet(
    folder="sp10k",
    url=f"{_RAW}/HKUST-KnowComp/SP-10K/0017183faf54f8bb372704419940f286b728d650/data/",
    reference="https://aclanthology.org/P19-1071/",
    date="2019",
    bibtex_citation=BIBTEX["sp10k"],
)

_USF = DataSet(
    folder="usf_norms",
    url="",
    reference="https://doi.org/10.3758/BF03195588",
    license="not specified; (c) Nelson, McEvoy & Schreiber, for researchers",
    date="2004",
    bibtex_citation=BIBTEX["usf_norms"],
    unavailable=(
        (
            "usf_fsg_bsg.tsv",
            "it holds seven columns of Appendix A of the norms (cue, target, normed, #G, #P, FSG, "
            "BSG; NA where missing), whose pages stand as ProgramResources/A Appendix/*.txt in "
            "github.com/DreamingRaven/Word-Association at commit "
            "b641fac77cfa8d1f11b7cbab59aa7741c314211a",
        ),
    ),
)

_HYPERLEX = DataSet(
    folder="hyperlex",
    url=f"{_RAW}/cambridgeltl/hyperlex/ccb416191a46e37f7104a530e7c23f260e066e8c/",
    reference="https://aclanthology.org/J17-4004/",
    date="2017",
    bibtex_citation=BIBTEX["hyperlex"],
    archive="hyperlex-data.zip",
)

_BLESS = DataSet(
    folder="bless",
    url=f"{_RAW}/vered1986/UnsupervisedHypernymy/f3bbed8f5a8cd8a6992ae9e1b2fee762522431bd/"
    "datasets/",
    reference="https://aclanthology.org/W11-2501/",
    date="2011",
    bibtex_citation=BIBTEX["bless"],
)

_EWT = DataSet(
    folder="ud_english_ewt",
    url=f"{_RAW}/UniversalDependencies/UD_English-EWT/15d613d8447b3478787d4c278730a1e48a945efb/",
    reference="https://universaldependencies.org/treebanks/en_ewt/",
    license="cc-by-sa-4.0",
    date="2014",
    bibtex_citation=BIBTEX["ud_english_ewt"],
    unavailable=(
        (
            "en_ewt-ud-train.rebuilt.conllu",
            "it was rebuilt by joining not-to-release/sources/* in the order of "
            "not-to-release/file-lists/files.train of github.com/UniversalDependencies/"
            "UD_English-EWT at commit 15d613d8447b3478787d4c278730a1e48a945efb",
        ),
    ),
)

_SCWS = DataSet(
    folder="scws",
    url=f"{_WORD2GM}/ehuang_sim_wcontext/SCWS/",
    reference="https://aclanthology.org/P12-1092/",
    date="2012",
    bibtex_citation=BIBTEX["scws"],
)

_WIC = DataSet(
    folder="wic",
    url=f"{_RAW}/Wenxin-Jiang/CS577-NLP/17fb8ca981698024599b423ad140f1ac36608529/HW2/WiC_dataset/",
    reference="https://aclanthology.org/N19-1128/",
    date="2019",
    bibtex_citation=BIBTEX["wic"],
)

DATA_SETS: dict[str, DataSet] = {
    data.folder: data
    for data in (
        *(_WS353, _MEN, _RW, _SIMVERB, _MTURK, _MSR, _BATS, _AP),
        *(_SP10K, _USF, _HYPERLEX, _BLESS, _EWT, _SCWS, _WIC),
    )
}
