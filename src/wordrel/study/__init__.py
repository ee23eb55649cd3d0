"""One study: trained cells, their answers, the tables, the plan, the run."""
