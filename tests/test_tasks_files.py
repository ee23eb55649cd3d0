import numpy as np
import pytest
from pydantic import TypeAdapter

from task_spaces import pairs_task
from wordrel.config import CorpusConfig, TaskConfig
from wordrel.errors import DatasetError
from wordrel.tasks import own_task
from wordrel.tasks.base import unanswered
from wordrel.tasks.core import Beyond, beyond, remarks, taken_as_header
from wordrel.tasks.own_tables import read_questions
from wordrel.tasks.readers import read_pairs, read_quadruples
from wordrel.tasks.readers_text import context_pairs

TASK = TypeAdapter(TaskConfig)
CAT_DOG = ("cat", "dog", 7.5)


def write(tmp_path, content, name="pairs.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "cat\tdog\t7.5\n",
        "cat,dog,7.5",
        "cat, dog , 7.5\n",
        '"cat","dog",7.5\n',
        "\ufeffcat\tdog\t7.5\r\n",
        "\n  \ncat,dog,7.5\r\r",
        "word1,word2,score\ncat,dog,7.5\n",
        "\ufeff# a\tb\tsimilarity\ncat\tdog\t75e-1\n",
        "cat;dog;7.5\n",
        "cat;dog;7,5\n",
        "cat dog 7.5\n",
        "cat  dog   7,5\n",
        "cat\tdog\t7,5\n",
        "cat\u00a0\tdog\u200b\t\u00a07.5 \n",
        "# made by hand\nword;word;score\n\ncat;dog;7.5\n",
        "w1,w2,sim10\ncat,dog,7.5\n",
        "word 1,word 2,score (0-10)\ncat,dog,7.5\n",
        "\u0441\u043b\u043e\u0432\u043e1\t\u0441\u043b\u043e\u0432\u043e2\t\u043e\u0446\u0435\u043d\u043a\u0430\ncat\tdog\t7,5\n",
        "cat\tdog\t7.5\t\t\n",
        "cat;dog;7,5;\r\n;;;\r\n",
        "sep=;\ncat;dog;7,5\n",
        "ca\u00adt\tdog\t7.5\n",
    ],
)
def test_one_pair_in_all_its_dresses(tmp_path, content):
    assert read_pairs(write(tmp_path, content))[0] == [CAT_DOG]


def test_a_quoted_field_may_hold_the_delimiter_and_a_tab_rules_over_commas(tmp_path):
    assert read_pairs(write(tmp_path, '"Paris, Texas",cat,1\n'))[0] == [
        ("Paris, Texas", "cat", 1.0)
    ]
    assert read_pairs(write(tmp_path, "a,b\tcat\t1\n"))[0] == [("a,b", "cat", 1.0)]


def test_words_with_a_space_stay_whole_where_other_lines_are_parted_by_commas(tmp_path):
    path = write(tmp_path, "new york,cat,1\nold town,dog,2\n")
    assert [words for *words, _ in read_pairs(path)[0]] == [
        ["new york", "cat"],
        ["old town", "dog"],
    ]


def test_a_comma_is_a_decimal_comma_only_where_no_score_has_a_point(tmp_path):
    path = write(tmp_path, "a;b;1,5\na;c;2\n")
    assert [score for *_, score in read_pairs(path)[0]] == [1.5, 2.0]
    with pytest.raises(DatasetError, match=r"2: found the score '7,5' in a file where others"):
        read_pairs(write(tmp_path, "a;b;1.5\na;c;7,5\n"))


def test_between_tabs_a_quote_is_a_letter_like_any_other(tmp_path):
    path = write(tmp_path, 'The "bank of the river\t1\tthe money\t1\t4\n' * 2)
    items, _ = context_pairs(path)
    assert items.n_items == 2
    assert items.sentences[0][0].words == ("The", '"bank', "of", "the", "river")
    assert items.words == (("bank", "money"),) * 2


def test_a_quoted_field_ends_on_its_line(tmp_path):
    with pytest.raises(
        DatasetError, match=r"1: found a quoted field that does not end on its line"
    ):
        read_pairs(write(tmp_path, 'a,"b,1\nc,d",2\n'))


@pytest.mark.parametrize(
    "content",
    [
        '"cat, dog, 7.5\n"cat, fox, 5\n',
        'cat, "dog" , 7.5\ncat, "fox" , 5\n',
        'cat;"dog;5\nb;"c;1\n',
    ],
)
def test_bad_quotes_are_told_and_do_not_let_spaces_part_a_line(tmp_path, content):
    with pytest.raises(DatasetError, match=r"1: found a quoted field that does not end"):
        read_pairs(write(tmp_path, content))


def test_a_header_is_told_to_the_reader_of_the_task(tmp_path):
    path = write(tmp_path, "left,right,gold\ncat,dog,7.5\n")
    assert pairs_task("mine", path).info.description == (
        "Word pairs with scores from pairs.txt (line 1 read as the header 'left, right, gold')."
    )


@pytest.mark.parametrize("header", ["word1,word2,type", "w1,w2,rel", "word_1,word_2,category"])
def test_a_header_of_labelled_pairs_is_no_pair(tmp_path, header):
    path = write(tmp_path, f"{header}\ndog,cat,none\ndog,animal,hyper\n", "mine.csv")
    own = {"kind": "labelled_pairs", "name": "mine", "path": str(path), "against": "none"}
    task = own_task(TASK.validate_python(own))
    assert task.items.words == (("dog", "cat"), ("dog", "animal"))
    assert taken_as_header(task)


EXPECTED = "expected 3: word, word, score"
PARTED = "parted by tabs, semicolons, commas or spaces"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("cat,dog\n", 1, f"found 2 columns parted by commas in 'cat,dog', {EXPECTED}"),
        ("cat|dog|7\n", 1, f"found 1 column parted by tabs in 'cat|dog|7', {EXPECTED}, {PARTED}"),
        (
            "\u732b\uff0c\u72ac\uff0c7\n",
            1,
            f"found 1 column parted by tabs in '\u732b\uff0c\u72ac\uff0c7', {EXPECTED}, {PARTED}",
        ),
        (
            '"cat"\t"dog"\t7\n',
            1,
            """found the word '"cat"' with its quotes, expected 'cat' without them""",
        ),
        (
            '"cat" dog 7\n',
            1,
            """found the word '"cat"' with its quotes, expected 'cat' without them""",
        ),
        (
            "cat\tdog\u201d\t7\n",
            1,
            "found the word 'dog\u201d' with its quotes, expected 'dog' without them",
        ),
        ("a,b,1\n\na,b,1,2\n", 3, f"found 4 columns parted by commas in 'a,b,1,2', {EXPECTED}"),
        ("a\tb\t1\na b\t2\n", 2, f"found 2 columns parted by tabs in 'a b\\t2', {EXPECTED}"),
        ("a\tb\t1.234,5\n", 1, "found '1.234,5', expected a finite number such as 7.5"),
        ("a,b,1\na,b,high\n", 2, "found 'high', expected a finite number such as 7.5"),
        ("a,b,nan\n", 1, "found 'nan', expected a finite number such as 7.5"),
        ("a,b,1\na,b,-inf\n", 2, "found '-inf', expected a finite number such as 7.5"),
        ("a,b,1_0\n", 1, "found '1_0', expected a finite number such as 7.5"),
        ("a,b,1\na,b,\n", 2, "found '', expected a finite number such as 7.5"),
        ("a, ,1\n", 1, "found an empty word, expected a word of plain text"),
        (
            "a\0,b,1\n",
            1,
            "found the word 'a\\x00' with a sign that cannot be seen, expected plain text",
        ),
        (
            'a,b,1\n"a"b,c,1\n',
            2,
            "found a quoted field that does not end on its line (',' expected after '\"'), "
            'expected fields without " or wholly inside a pair of them',
        ),
        (
            b"a,b,1\ncaf\xe9,b,2\n",
            2,
            "found byte 0xe9 at offset 9, expected UTF-8; it looks like cp1252: convert it: iconv "
            "-f CP1252 -t UTF-8 pairs.txt > NEW",
        ),
    ],
)
def test_a_bad_line_is_named_with_what_was_found_and_expected(tmp_path, content, line, message):
    path = write(tmp_path, content)
    with pytest.raises(DatasetError) as error:
        pairs_task("mine", path)
    assert str(error.value) == f"{path}:{line}: {message}"


def test_all_bad_lines_are_told_at_once_up_to_twenty(tmp_path):
    path = write(tmp_path, "a,b,1\n" * 30 + "a,b\n" * 20 + ",b,x\n" + "c\n" * 3)
    with pytest.raises(DatasetError) as error:
        read_pairs(path)
    lines = str(error.value).split("\n")
    assert len(lines) == 21
    assert lines[0].startswith(f"{path}:31: found 2 columns")
    assert lines[19].startswith(f"{path}:50: found 2 columns")
    assert lines[20] == "and 4 more"


@pytest.mark.parametrize(
    ("content", "found"),
    [("", "no lines"), ("\n# none\n", "no lines"), ("word,word,score\n", "nothing but the header")],
)
def test_a_file_without_pairs_is_refused(tmp_path, content, found):
    path = write(tmp_path, content)
    with pytest.raises(DatasetError, match=f"found {found}, expected lines of word, word, score"):
        read_pairs(path)


def test_a_path_that_leads_to_no_file_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"none\.tsv: there is no such file"):
        pairs_task("mine", tmp_path / "none.tsv")
    with pytest.raises(DatasetError, match="found a folder; expected a regular file"):
        pairs_task("mine", tmp_path)


def test_duplicates_are_kept_and_counted(tmp_path):
    path = write(tmp_path, "cat,dog,7\ndog,cat,6\nnew york,cat,1\nnew_york,dog,1\ncat,dog,7\n")
    items = pairs_task("mine", path).items
    assert items.n_items == 5
    assert items.cluster.tolist() == [0, 0, 1, 2, 0]
    assert items.duplicates == 2


def test_questions_carry_their_section(tmp_path):
    path = write(tmp_path, ": family\nboy girl man woman\r\n\n: gram1 adjective\na b c d\n")
    with pytest.raises(DatasetError) as error:
        read_quadruples(path)
    assert str(error.value) == f"{path}:3: found 0 words, expected ': section', then 4 words a line"
    path = write(tmp_path, ": family\nboy girl man woman\r\n: gram1 adjective\na b c d\n")
    assert read_quadruples(path) == [
        ("family", ("boy", "girl", "man", "woman")),
        ("gram1 adjective", ("a", "b", "c", "d")),
    ]


def test_questions_before_the_first_section_and_empty_files_are_refused(tmp_path):
    path = write(tmp_path, "boy girl man woman\n: family\nboy girl man\n")
    with pytest.raises(DatasetError) as error:
        read_quadruples(path)
    expected = "expected ': section', then 4 words a line"
    assert str(error.value) == (
        f"{path}:1: found a question before the first section, {expected}\n"
        f"{path}:3: found 3 words, {expected}"
    )
    with pytest.raises(DatasetError, match="found no questions"):
        read_quadruples(write(tmp_path, ": family\n"))


FAMILY = ("family", ("boy", "girl", "man", "woman"))


@pytest.mark.parametrize(
    "content",
    [
        ": family\nboy girl man woman\n",
        "# by hand\n\n : family\r\nboy\tgirl  man woman\r\n\n",
        ": family,,,\nboy,girl,man,woman\n,,,\n",
        "sep=;\n: family\nboy;girl;man;woman;\n",
        ": family\nbo\u00ady girl\u200b \u200eman woman\n",
    ],
)
def test_a_users_analogies_follow_the_rule_of_own_sets(tmp_path, content):
    assert read_questions(write(tmp_path, content)) == [FAMILY]


def test_words_of_analogies_may_have_spaces_between_tabs_and_commas(tmp_path):
    words = ("new york", "usa", "paris", "france")
    for mark in ("\t", ",", ";"):
        path = write(tmp_path, f": capital\n{mark.join(words)}\n")
        assert read_questions(path) == [("capital", words)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a b c d\n: x\na b c d\n", ":1: found a question before the first section, expected"),
        (": x\na b c\n", ":2: found 3 columns parted by spaces in 'a b c', expected ': section'"),
        (": x\na b c d\u2028e\n", ":2: found 5 columns parted by spaces"),
        (": x\na\u0001,b,c,d\n", ":2: found the word 'a\\x01' with a sign that cannot be seen"),
        (": x\na\u200bz,b,c,d\n", ":2: found the word 'a\\u200bz' with a sign that cannot be"),
        (": x\n", ": found no questions, expected ': section', then 4 words a line"),
    ],
)
def test_a_bad_analogy_of_a_user_is_named(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(DatasetError) as error:
        read_questions(path)
    assert str(error.value).startswith(f"{path}{message}")


@pytest.mark.parametrize(
    "field", ["NA", "n/a", "null", "?", "#N/A", "O.5", "l.5", "x7,5", "\u2013", "N.A.", "-"]
)
def test_a_bad_score_on_the_first_line_makes_no_header(tmp_path, field):
    path = write(tmp_path, f"cat\tdog\t{field}\ncat\tcar\t1\n")
    with pytest.raises(DatasetError, match=r"pairs\.txt:1: found .*, expected a finite number"):
        read_pairs(path)


def test_names_with_signs_and_numbers_are_still_headers(tmp_path):
    for field in ("sim10", "score (0-10)", "score.1", "%", "M", "# raters"):
        rows, header = read_pairs(write(tmp_path, f"a;b;{field}\ncat;dog;7,5\n"))
        assert (rows, header[2]) == ([CAT_DOG], field)


@pytest.mark.parametrize("content", ["a\tb\t1,000\nc\td\t900\n", 'a,b,"1,000"\nc,d,900\n'])
def test_a_comma_before_three_digits_is_no_decimal_comma_beside_whole_numbers(tmp_path, content):
    path = write(tmp_path, content)
    with pytest.raises(DatasetError) as error:
        read_pairs(path)
    assert str(error.value) == (
        f"{path}:1: found the score '1,000' in a file where others have no comma, expected 1000 "
        "without thousands separators, or a decimal point"
    )


def test_three_decimals_after_a_comma_are_read_where_nothing_else_fits(tmp_path):
    for given, expected in (("0,125;1", [0.125, 1]), ("3,667;2,5", [3.667, 2.5])):
        lines = [f"a\tb\t{score}\n" for score in given.split(";")]
        assert [score for *_, score in read_pairs(write(tmp_path, "".join(lines)))[0]] == expected


def test_a_field_that_is_too_long_is_not_called_unclosed(tmp_path):
    path = write(tmp_path, f"cat,dog,1\ncat,{'x' * 140_000},2\n")
    with pytest.raises(DatasetError, match=r":2: found a line of 140,006 letters with a field"):
        read_pairs(path)


# --- a user's own sets ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "content", "question", "measure", "described"),
    [
        (
            {"kind": "pairs"},
            "cat,dog,7\n",
            "alike",
            "spearman",
            "Word pairs with scores from mine.csv (no header).",
        ),
        (
            {"kind": "directed_pairs"},
            "a,b,score\ncat,dog,7\n",
            "relate",
            "spearman",
            "Word pairs whose order matters, with scores, from mine.csv "
            "(line 1 read as the header 'a, b, score').",
        ),
        (
            {"kind": "labelled_pairs", "against": "none"},
            "cat,dog,peer\ncat,tail,part\ncat,ink,none\ncat,sea,none\n",
            "relate",
            "auc",
            "Word pairs with labels from mine.csv (none 2, peer 1, part 1), each relation against "
            "none.",
        ),
        (
            {"kind": "analogies"},
            ": family\nboy girl man woman\n",
            "alike",
            "accuracy",
            "Analogies from mine.csv (sections: family).",
        ),
        (
            {"kind": "context_pairs"},
            "a cat,1,a dog,1,7\n",
            "in_context",
            "spearman",
            "Words in sentences, with scores, from mine.csv.",
        ),
        (
            {"kind": "odd_one_out"},
            "car,cat,dog,horse\nboy,fish,dog\n",
            "alike",
            "accuracy",
            "Groups of words, the odd one first, from mine.csv.",
        ),
        (
            {"kind": "top_k"},
            "cat,dog\ngirl,boy,man,,\n",
            "alike",
            "precision",
            "Words with expected neighbours from mine.csv.",
        ),
    ],
)
def test_one_file_and_a_few_lines_make_a_task(
    tmp_path, settings, content, question, measure, described
):
    path = write(tmp_path, content, "mine.csv")
    config = TASK.validate_python({**settings, "name": "mine", "path": str(path)})
    task = own_task(config)
    assert (task.name, task.kind) == ("mine", settings["kind"])
    assert (task.question, task.measure, task.split) == (question, measure, "test")
    assert task.info.description == described
    assert task.items.n_items == task.info.n_items == content.count("cat,") + content.count("boy")


def test_a_pair_turned_round_is_another_one_only_where_the_order_matters(tmp_path):
    path = write(tmp_path, "cat,dog,7\ndog,cat,6\n")
    found = {}
    for kind in ("pairs", "directed_pairs"):
        config = TASK.validate_python({"kind": kind, "name": "mine", "path": str(path)})
        found[kind] = own_task(config).items.duplicates
    assert found == {"pairs": 1, "directed_pairs": 0}


def labelled(path, against="none"):
    settings = {"kind": "labelled_pairs", "name": "mine", "path": str(path), "against": against}
    return own_task(TASK.validate_python(settings))


def test_labels_become_gold_and_first_words_clusters(tmp_path):
    items = labelled(write(tmp_path, "cat,dog,peer\nink,cat,none\ncat,tail,part\n")).items
    assert items.labels == ("peer", "none", "part")
    assert items.gold.tolist() == [1, 0, 1]
    assert items.cluster.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "cat,dog,peer\ncat,dog\n",
            ":2: found 2 columns parted by commas in 'cat,dog', expected 3: word, word, label",
        ),
        ("cat,,peer\n", ":1: found an empty word, expected a word of plain text"),
        (
            "cat,dog,peer\ncat,ink,random\n",
            ": found the labels 'peer', 'random', expected 'none' (against), and another one at "
            "least",
        ),
        ("cat,ink,none\n", ": found the labels 'none', expected 'none' (against), and another"),
        ("", ": found no lines, expected lines of word, word, label"),
    ],
)
def test_labels_that_do_not_fit_are_refused(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(DatasetError) as error:
        labelled(path)
    assert str(error.value).startswith(f"{path}{message}")


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ([2.0] * 40, "all scores of the 40 covered items are equal: there is no order to compare"),
        ([2.0], "one item has no order; the vocabulary covers 1 of 1 items"),
    ],
)
def test_a_set_without_an_order_is_not_asked_and_says_why(tmp_path, scores, why):
    lines = [f"w{i % 7}\tw{i % 11 + 1}\t{score}" for i, score in enumerate(scores)]
    task = pairs_task("mine", write(tmp_path, "\n".join(lines)))
    outcome = unanswered(task, np.ones(len(scores), dtype=np.bool_), chance=0.0)
    assert outcome.screened().note.startswith(f"not asked: {why}")


def test_columns_and_numbers_that_are_wrong_are_told_in_one_round(tmp_path):
    path = write(tmp_path, "cat,dog,7.5\ncat,fish\ncat,bird,high\n ,owl,1\n")
    with pytest.raises(DatasetError) as error:
        read_pairs(path)
    assert [line.removeprefix(f"{path}:")[:14] for line in str(error.value).split("\n")] == [
        "2: found 2 col",
        "3: found 'high",
        "4: found an em",
    ]


def test_a_minus_of_typesetters_and_a_table_in_utf_16(tmp_path):
    assert read_pairs(write(tmp_path, "a\tb\t\u22121.5\n"))[0] == [("a", "b", -1.5)]
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        path = write(tmp_path, ("cat\tdog\t7.5\n" * 9).encode(encoding))
        with pytest.raises(DatasetError, match=rf"it looks like {encoding}: convert it: iconv -f "):
            read_pairs(path)


def own(tmp_path, kind, content, **settings):
    path = write(tmp_path, content, "mine.csv")
    given = {"kind": kind, "name": "mine", "path": str(path), **settings}
    return own_task(TASK.validate_python(given))


@pytest.mark.parametrize(
    ("kind", "header", "line", "settings"),
    [
        ("labelled_pairs", "word1,word2,label", "cat,dog,peer\ncat,ink,none", {"against": "none"}),
        ("odd_one_out", "odd,word1,word2,word3", "car,cat,dog,cow", {}),
        ("top_k", "Word,Neighbour 1,Neighbour 2", "cat,dog,cow", {}),
        ("pairs", "one,other,score", "cat,dog,7", {}),
        ("context_pairs", "s,p,s,p,score", "a cat,1,a dog,1,7", {}),
    ],
)
def test_a_line_that_is_taken_for_a_header_is_said(tmp_path, kind, header, line, settings):
    task = own(tmp_path, kind, f"{header}\n{line}\n", **settings)
    assert task.items.content() == own(tmp_path, kind, f"{line}\n", **settings).items.content()
    shown = header.replace(",", ", ")
    assert taken_as_header(task) == f"mine: line 1 read as the header {shown!r}"
    assert taken_as_header(own(tmp_path, kind, f"{line}\n", **settings)) == ""


PARTS = "dog,tail,teil\ndog,sky,random\ncat,paw,teil\ncat,ink,random\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Wort1,Wort2,Art\n" + PARTS, ["'Wort1, Wort2, Art'; remove it if it is a header"]),
        (PARTS, []),
        ("word1,word2,label\n" + PARTS, ["line 1 read as the header 'word1, word2, label'"]),
        ("dog,animal,hyper\ndog,pet,kind\n" + PARTS, []),  # other labels come once, too
        ("a,b,part\na,e,part\nc,d,random\nc,f,random\n", ["found no word that begins related and"]),
    ],
)
def test_a_set_of_labels_that_may_be_meant_in_another_way_is_remarked_on(tmp_path, content, said):
    found = remarks(own(tmp_path, "labelled_pairs", content, against="random"))
    assert len(found) == len(said)
    assert all(part in remark for part, remark in zip(said, found, strict=True))


def test_words_that_only_look_like_names_of_columns_are_words(tmp_path):
    for line in ("w1,w2,w3", "word,group,odd", "word,word1,cat"):
        assert own(tmp_path, "odd_one_out", f"{line}\ncar,cat,dog\n").items.n_items == 2


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("pairs", "new_york,cat,1\ncovid19,dog,2\ncat,dog,3\n", Beyond(2, 3, "new_york")),
        ("pairs", "cat,dog,3\n", Beyond(0, 1, "")),
        ("analogies", ": a\na b c d/d9\na b c d9/e9\na b2 c d\n", Beyond(2, 3, "d9/e9")),
        ("top_k", "cat,dog,c9\ncat,c9\nc9,cat\n", Beyond(2, 3, "c9")),
    ],
)
def test_items_that_no_text_can_cover_are_counted(tmp_path, kind, content, expected):
    corpus = CorpusConfig(source="text.txt", name="text")
    assert beyond(own(tmp_path, kind, content), corpus) == expected


def test_no_larger_corpus_is_advised_where_none_can_help(tmp_path):
    task = own(tmp_path, "pairs", "new_york,cat,1\ncovid19,dog,2\n")
    outcome = unanswered(task, np.zeros(2, dtype=np.bool_), chance=0.0)
    assert outcome.note.endswith("a larger corpus or a smaller corpora.N.min_count may cover some")
    corpus = CorpusConfig(source="text.txt", name="text")
    assert beyond(task, corpus).explain(outcome).note == (
        "the vocabulary covers none of the 2 items; 2 of the 2 items of the set have a word that "
        "no text gives by the rules of the corpus (its digits and phrases), such as 'new_york'"
    )
    assert beyond(own(tmp_path, "pairs", "cat,dog,3\n"), corpus).explain(outcome) == outcome
