"""From stored tables to what people read: a pure function of the files in a results folder."""
