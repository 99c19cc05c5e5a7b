"""The paper's comparison: LaMOuR, its baselines and ablations, over robots, methods and seeds.

    python -m experiments.paper --preset fast --policies released    # runs what is not done yet
    python -m experiments.paper --preset fast --policies released --status
    python -m experiments.paper.figures                              # drawings and tables of it

A cell of the grid is one `lamour recover`, in a process of its own (`cells`, `running`, `child`).
What it came to goes to one table a preset (`table`), experiments/results/paper_PRESET.csv, which is
committed: cells in it are done, wherever they ran. Figures and docs are made from the table alone.
"""
