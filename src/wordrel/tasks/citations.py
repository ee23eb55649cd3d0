"""How the papers that made the data sets wish to be cited, by the name of the set.

Reads and writes nothing.
"""

BIBTEX = {
    "ws353": """@article{finkelstein2002placing,
  author = {Finkelstein, Lev and Gabrilovich, Evgeniy and Matias, Yossi and Rivlin, Ehud and
            Solan, Zach and Wolfman, Gadi and Ruppin, Eytan},
  title = {Placing search in context: the concept revisited},
  journal = {ACM Transactions on Information Systems},
  volume = {20}, number = {1}, pages = {116--131}, year = {2002}
}""",
    "ws353_split": """@inproceedings{agirre2009study,
  author = {Agirre, Eneko and Alfonseca, Enrique and Hall, Keith and Kravalova, Jana and
            Pa{\\c{s}}ca, Marius and Soroa, Aitor},
  title = {A Study on Similarity and Relatedness Using Distributional and {WordNet}-based
           Approaches},
  booktitle = {Proceedings of NAACL-HLT}, pages = {19--27}, year = {2009}
}""",
    "simlex999": """@article{hill2015simlex,
  author = {Hill, Felix and Reichart, Roi and Korhonen, Anna},
  title = {{SimLex-999}: Evaluating Semantic Models With (Genuine) Similarity Estimation},
  journal = {Computational Linguistics},
  volume = {41}, number = {4}, pages = {665--695}, year = {2015}
}""",
    "men3k": """@article{bruni2014multimodal,
  author = {Bruni, Elia and Tran, Nam-Khanh and Baroni, Marco},
  title = {Multimodal Distributional Semantics},
  journal = {Journal of Artificial Intelligence Research},
  volume = {49}, pages = {1--47}, year = {2014}
}""",
    "rw": """@inproceedings{luong2013better,
  author = {Luong, Thang and Socher, Richard and Manning, Christopher},
  title = {Better Word Representations with Recursive Neural Networks for Morphology},
  booktitle = {Proceedings of CoNLL}, pages = {104--113}, year = {2013}
}""",
    "simverb3500": """@inproceedings{gerz2016simverb,
  author = {Gerz, Daniela and Vuli{\\'c}, Ivan and Hill, Felix and Reichart, Roi and
            Korhonen, Anna},
  title = {{SimVerb-3500}: A Large-Scale Evaluation Set of Verb Similarity},
  booktitle = {Proceedings of EMNLP}, pages = {2173--2182}, year = {2016}
}""",
    "mturk287": """@inproceedings{radinsky2011word,
  author = {Radinsky, Kira and Agichtein, Eugene and Gabrilovich, Evgeniy and
            Markovitch, Shaul},
  title = {A Word at a Time: Computing Word Relatedness Using Temporal Semantic Analysis},
  booktitle = {Proceedings of WWW}, pages = {337--346}, year = {2011}
}""",
    "google_analogies": """@misc{mikolov2013efficient,
  author = {Mikolov, Tomas and Chen, Kai and Corrado, Greg and Dean, Jeffrey},
  title = {Efficient Estimation of Word Representations in Vector Space},
  year = {2013}, eprint = {1301.3781}, archivePrefix = {arXiv}
}""",
    "msr_syntactic": """@inproceedings{mikolov2013linguistic,
  author = {Mikolov, Tomas and Yih, Wen-tau and Zweig, Geoffrey},
  title = {Linguistic Regularities in Continuous Space Word Representations},
  booktitle = {Proceedings of NAACL-HLT}, pages = {746--751}, year = {2013}
}""",
    "bats3": """@inproceedings{gladkova2016analogy,
  author = {Gladkova, Anna and Drozd, Aleksandr and Matsuoka, Satoshi},
  title = {Analogy-based Detection of Morphological and Semantic Relations with Word Embeddings:
           What Works and What Doesn't},
  booktitle = {Proceedings of the NAACL Student Research Workshop}, pages = {8--15}, year = {2016}
}""",
    "ap": """@phdthesis{almuhareb2006attributes,
  author = {Almuhareb, Abdulrahman},
  title = {Attributes in Lexical Acquisition},
  school = {University of Essex}, year = {2006}
}""",
    "sp10k": """@inproceedings{zhang2019sp10k,
  author = {Zhang, Hongming and Ding, Hantian and Song, Yangqiu},
  title = {{SP-10K}: A Large-scale Evaluation Set for Selectional Preference Acquisition},
  booktitle = {Proceedings of ACL}, pages = {722--731}, year = {2019}
}""",
    "usf_norms": """@article{nelson2004university,
  author = {Nelson, Douglas L. and McEvoy, Cathy L. and Schreiber, Thomas A.},
  title = {The {University of South Florida} free association, rhyme, and word fragment norms},
  journal = {Behavior Research Methods, Instruments, \\& Computers},
  volume = {36}, number = {3}, pages = {402--407}, year = {2004}
}""",
    "hyperlex": """@article{vulic2017hyperlex,
  author = {Vuli{\\'c}, Ivan and Gerz, Daniela and Kiela, Douwe and Hill, Felix and
            Korhonen, Anna},
  title = {{HyperLex}: A Large-Scale Evaluation of Graded Lexical Entailment},
  journal = {Computational Linguistics},
  volume = {43}, number = {4}, pages = {781--835}, year = {2017}
}""",
    "bless": """@inproceedings{baroni2011how,
  author = {Baroni, Marco and Lenci, Alessandro},
  title = {How we {BLESS}ed distributional semantic evaluation},
  booktitle = {Proceedings of the GEMS Workshop}, pages = {1--10}, year = {2011}
}""",
    "ud_english_ewt": """@inproceedings{silveira2014gold,
  author = {Silveira, Natalia and Dozat, Timothy and de Marneffe, Marie-Catherine and
            Bowman, Samuel and Connor, Miriam and Bauer, John and Manning, Chris},
  title = {A Gold Standard Dependency Corpus for {English}},
  booktitle = {Proceedings of LREC}, year = {2014}
}""",
    "scws": """@inproceedings{huang2012improving,
  author = {Huang, Eric and Socher, Richard and Manning, Christopher and Ng, Andrew},
  title = {Improving Word Representations via Global Context and Multiple Word Prototypes},
  booktitle = {Proceedings of ACL}, pages = {873--882}, year = {2012}
}""",
    "wic": """@inproceedings{pilehvar2019wic,
  author = {Pilehvar, Mohammad Taher and Camacho-Collados, Jose},
  title = {{WiC}: the Word-in-Context Dataset for Evaluating Context-Sensitive Meaning
           Representations},
  booktitle = {Proceedings of NAACL-HLT}, pages = {1267--1273}, year = {2019}
}""",
}
