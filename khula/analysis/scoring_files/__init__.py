"""Files of answers come in, one or more per informant; one row per child and wave with typed answers and facts goes
out, and every row and cell that could not be used, by file, row, column and reason, never by its content.

The way of a file: `recognition` (what its columns are) → `rows` and `cells` (read, block by block) → `merging`.
"""

from khula.analysis.scoring_files.cells import read_series
from khula.analysis.scoring_files.merging import Merge
from khula.analysis.scoring_files.problems import DIFFERS, ROW_REASONS, Problems
from khula.analysis.scoring_files.recognition import CHILD, WAVE, AnswerFile, recognise

__all__ = ["CHILD", "DIFFERS", "ROW_REASONS", "WAVE", "AnswerFile", "Merge", "Problems", "read_series", "recognise"]
