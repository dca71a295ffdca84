"""Excel files a stranger can open: text stays text, numbers stay numbers, nothing in them runs.

A thin layer over XlsxWriter. Client text never becomes a formula or a link, own formulas carry their
computed value (viewers and phones show it), nothing is protected (a protected sheet cannot be sorted),
and the same input gives the same bytes because no clock is asked.
"""

from segkit.workbook.book import Book as Book
from segkit.workbook.book import Page as Page
from segkit.workbook.cells import Head as Head
from segkit.workbook.cells import Mark as Mark
from segkit.workbook.cells import Sum as Sum
from segkit.workbook.cells import sheet_name as sheet_name
from segkit.workbook.cells import text_cell as text_cell
from segkit.workbook.cells import with_unit as with_unit
