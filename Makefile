# Each target is one command of start.py, which makes and fills .venv itself.
# make report FILE=orders.csv ARGS="--lang en"
PYTHON ?= python3

.PHONY: report test lab check bench

report:
	$(PYTHON) start.py report $(FILE) $(ARGS)

test:
	$(PYTHON) start.py test $(ARGS)

lab:
	$(PYTHON) start.py lab $(ARGS)

check:
	$(PYTHON) start.py check

bench:
	$(PYTHON) start.py bench $(ARGS)
