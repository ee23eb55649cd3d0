"""wordrel: how is just self-attention different from word2vec?"""
