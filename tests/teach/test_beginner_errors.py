"""A beginner's errors in a real IPython: one plain line above Python's own, in zh and en."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from shells import Notebook, notebook

from segkit.teach import beginner_errors
from segkit.teach.source_faults import source_fault


@pytest.fixture
def book(capsys, tmp_path, monkeypatch) -> Iterator[Notebook]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with notebook(capsys) as opened:
        yield opened


def first_lines(book: Notebook, *cells: str) -> dict[str, str]:
    """The plain line in both languages; the cells before the last set the scene."""
    lines = {}
    for lang in ("zh", "en"):
        book.run(f"import segkit\nlang = segkit.use({lang!r})", *cells[:-1])
        lines[lang] = book.line(cells[-1])
    return lines


TABLE = (
    "import pandas as pd\n"
    "customers = pd.DataFrame({'customer_id': ['C1'], 'recency_days': [3], 'monetary': [9.5], 'rfm': ['key_value']})"
)

# the cell, then the plain line of both languages
TEXTS = [
    ("print(1)\nx = max(3, 4, 5，6)", "第 2 行第 16 个字符是中文逗号，请改成英文逗号", "Line 2, character 16 is a Chinese comma; change it to an English comma"),
    ("if 3 > 2：\n    print(1)", "第 1 行第 9 个字符是中文冒号，请改成英文冒号", "Line 1, character 9 is a Chinese colon; change it to an English colon"),
    ("x = 1。5", "第 1 行第 6 个字符是中文句号，请改成英文的点", "Line 1, character 6 is a Chinese full stop; change it to an English dot"),
    ("x = 1；y = 2", "第 1 行第 6 个字符是中文分号，请改成英文分号，或换一行写", "Line 1, character 6 is a Chinese semicolon; change it to an English one, or begin a new line"),
    ("print（1)", "第 1 行第 6 个字符是中文括号 （，请改成英文括号 (", "Line 1, character 6 is the Chinese bracket （; change it to the English ("),
    ("print(“你好”)", "第 1 行第 7 个字符是中文引号 “，请改成英文引号 \"", "Line 1, character 7 is the Chinese quote “; change it to the English \""),
    ("x = '你好’", "第 1 行第 8 个字符是中文引号 ’，请改成英文引号 '", "Line 1, character 8 is the Chinese quote ’; change it to the English '"),
    ("x = 3 ＋ 4", "第 1 行第 7 个字符是全角符号 ＋，请改成英文的 +", "Line 1, character 7 is the full-width sign ＋; change it to the English +"),
    ("x =　1", "第 1 行第 4 个字符是全角空格，请删去，改成英文空格", "Line 1, character 4 is a full-width space; replace it by an ordinary one"),
    ("x = 1２", "第 1 行第 6 个字符是全角数字 ２，请改成 2", "Line 1, character 6 is the full-width digit ２; change it to 2"),
    ("ｉf x: pass", "第 1 行第 1 个字符是全角字母 ｉ，请改成 i", "Line 1, character 1 is the full-width letter ｉ; change it to i"),
    ("x = 1\nprint(max(1, 2)", "第 2 行的括号 ( 没有关上，少一个 )", "The bracket ( in line 2 is never closed; a ) is missing"),
    ("x = (1\ny = 2\nz = 3", "第 1 行的括号 ( 没有关上，少一个 )", "The bracket ( in line 1 is never closed; a ) is missing"),
    ("x = 1\nprint(1))", "第 2 行第 9 个字符多了一个 )，前面没有和它配对的括号", "Line 2, character 9: one ) too many, no bracket before it belongs to it"),
    ("x = [1, 2)", "第 1 行的括号 [ 要用 ] 关上，第 1 行写成了 )", "The bracket [ in line 1 must be closed by ]; line 1 has )"),
    ("x = 1\nprint('abc)", "第 2 行的引号 ' 没有关上，在文字末尾补一个 '", "The quote ' in line 2 is never closed; put a ' at the end of the text"),
    ("x = 1\ny = '''abc\n", "第 2 行的引号 ''' 没有关上，在文字末尾补一个 '''", "The quote ''' in line 2 is never closed; put a ''' at the end of the text"),
    ("x = 3\nif x = 3:\n    pass", "第 2 行：比较是否相等要写两个等号 ==，一个等号是起名字", "Line 2: two equals signs == compare; one alone gives a name"),
    ("x = d[d['a'] = 3]", "第 1 行：比较是否相等要写两个等号 ==，一个等号是起名字", "Line 1: two equals signs == compare; one alone gives a name"),
    ("for i in range(3)\n    print(i)", "第 1 行：for 这一行的末尾少了英文冒号 :", "Line 1: the line with for must end in a colon :"),
    ("x = [1, 2]\nif x[0:1] == [1]\n    pass", "第 2 行：if 这一行的末尾少了英文冒号 :", "Line 2: the line with if must end in a colon :"),
    ("for i in range(3):\nprint(i)", "第 2 行要缩进：在行首加 4 个空格，它属于上面的 for", "Line 2 must be indented: put 4 spaces before it, it belongs to the for above"),
    ("if True:\n", "第 1 行的 if 下面还要有至少一行，行首加 4 个空格", "The if in line 1 needs at least one line below it, with 4 spaces before it"),
    ("x = 1\n  y = 2", "第 2 行的行首多了空格，删去，和上一行对齐", "Line 2 has spaces before it that do not belong there; align it with the line above"),
    ("if True:\n    x = 1\n  y = 2", "第 3 行的行首空格数和上面哪一行都不一样，请对齐", "The spaces before line 3 fit none of the lines above; align it"),
    ("if True:\n        x = 1\n\ty = 2\n \tz = 3", "第 3 行的行首混用了制表符和空格，全部改成空格", "Line 3 begins with tabs and spaces mixed; use spaces only"),
    ("x = max(3 4)", "第 1 行 Python 读不懂：看这一行和上一行是不是少了逗号、引号或括号", "Python cannot read line 1: look there, and in the line above, for a missing comma, quote or bracket"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "zh", "en"), TEXTS)
def test_text_that_python_cannot_read(book, cell, zh, en):
    assert first_lines(book, cell) == {"zh": zh, "en": en}
    assert isinstance(book.result.error_before_exec, SyntaxError)


@pytest.mark.parametrize(
    "cell",
    [
        "print('，。：（）“”') # 中文，注释（好）",
        "s = '''第一行，\n第二行（'''\nf(a=1, b=[1, 2])",
        "x = {1: 2}\ny = x[1:2] if x else [a for a in x]",
        "def f(a, b=3):\n    return g(a=1)\n\n\nif f(1) == 2: print(1)",
        "x = (1,\n     2)\nwhile x:\n    # 注\n    break\nelse:\n    pass",
        "r = r'\\d'\ns = 'it\\'s'\nlambda x=1: x",
        "customers.loc[customers['a'] == 3, 'b'] = 4",
        "class A:\n    x: int = 3\n\n    def f(self):\n        return {'a': 1}",
        "%time x = 1\nformat = 3\ntry_it = 4\nif_any = (1\n  + 2)",
    ],
)
def test_nothing_is_said_of_text_that_is_right(cell):
    assert source_fault(cell) is None


NAMES = [
    ("recency = 3", "print(recensy)", "没有 recensy 这个名字；是不是 recency？", "There is no name recensy; did you mean recency?"),
    ("", "pritn(1)", "没有 pritn 这个名字；是不是 print？", "There is no name pritn; did you mean print?"),
    ("", "RFM(bins=5)", "写成 segkit.RFM：RFM 在 segkit 里，前面要加 segkit 和点", "Write segkit.RFM: RFM belongs to segkit, so put segkit and a dot before it"),
    ("", "custmer_table(1)", "没有 custmer_table；是不是 segkit.customer_table？", "There is no custmer_table; did you mean segkit.customer_table?"),
    ("", "plt.plot([1])", "plt 还没有导入：先运行最上面的准备单元格，或在前面写一行 import matplotlib.pyplot as plt", "plt is not imported yet: run the setup cell at the top, or write import matplotlib.pyplot as plt first"),
    ("", "print(张三)", '没有 张三 这个名字；如果是一段文字，两边要加英文引号："张三"', 'There is no name 张三; if it is a text, put quotes around it: "张三"'),
    ("", "cutoff == 3", "给 cutoff 起名字只写一个等号 =，两个等号 == 是比较", "One equals sign = gives cutoff its value; two == compare"),
    ("", "zqx + 1", "还没有 zqx 这个名字：先把上面的单元格从上到下运行一遍，再看名字有没有写错", "There is no name zqx yet: first run the cells above from top to bottom, then check its spelling"),
    (TABLE, "customers['recency_day']", "表里没有“recency_day”这一列；是不是 recency_days？", "The table has no column 'recency_day'; did you mean recency_days?"),
    (TABLE, "customers['recency']", "表里没有“recency”这一列；是不是 recency_days？", "The table has no column 'recency'; did you mean recency_days?"),
    (TABLE, "customers[['monetary', 'Recency_Days']]", "表里没有“Recency_Days”这一列；是不是 recency_days？", "The table has no column 'Recency_Days'; did you mean recency_days?"),
    (TABLE, "customers['累计金额（元）']", "“累计金额（元）”是显示用的表头，代码里这一列写 \"monetary\"", "'累计金额（元）' is a heading for reading; in code this column is \"monetary\""),
    (TABLE, "customers['累计金额']", "“累计金额”是显示用的表头，代码里这一列写 \"monetary\"", "'累计金额' is a heading for reading; in code this column is \"monetary\""),
    (TABLE, "customers.groupby('rfn')['monetary'].sum()", "表里没有“rfn”这一列；是不是 rfm？", "The table has no column 'rfn'; did you mean rfm?"),
    (TABLE, "customers.sort_values('monetery')", "表里没有“monetery”这一列；是不是 monetary？", "The table has no column 'monetery'; did you mean monetary?"),
    (TABLE, "customers.drop(columns=['monetery'])", "表里没有“monetery”这一列；是不是 monetary？", "The table has no column 'monetery'; did you mean monetary?"),
    (TABLE, "customers.set_index('customerid')", "表里没有“customerid”这一列；是不是 customer_id？", "The table has no column 'customerid'; did you mean customer_id?"),
    (TABLE, "customers['xyz']", "表里没有“xyz”这一列；有的列：customer_id、recency_days、monetary、rfm", "The table has no column 'xyz'; its columns are customer_id, recency_days, monetary, rfm"),
    (TABLE, "customers.set_index('customer_id').loc['C11']", "没有叫“C11”的行；是不是 C1？", "There is no row 'C11'; did you mean C1?"),
    ("sizes = {'small': 1, 'large': 2}", "sizes['smal']", "sizes 里没有“smal”；有 small", "sizes has no 'smal'; it has small"),
    (TABLE + "\nfor i in range(30): customers[f'field_{i}'] = i", "customers['xyz']", "表里没有“xyz”这一列；共 34 列，前面的是 customer_id、recency_days、monetary、rfm、field_0、", "The table has no column 'xyz'; of its 34 columns the first are customer_id,"),
    (TABLE, "customers.set_index('customer_id').loc['xyz']", "没有叫“xyz”的行；前几行叫 C1", "There is no row 'xyz'; the first rows are C1"),
    (TABLE, "customers.apply(lambda row: {'a': 1}['rfm'], axis=1)", "--------", "--------"),
    ("", "'abc'.qqq", "str 没有 qqq；在点号后面按 Tab 键，可以看到有哪些", "str has no qqq; press Tab behind the dot to see what there is"),
    ("", "segkit.qqq", "segkit 里没有 qqq；写 segkit 和一个点，再按 Tab 键，可以看到有哪些", "segkit has no qqq; type segkit and a dot, then Tab, to see what there is"),
    ("def f(size): pass", "f(qqq=1)", "f 没有参数 qqq；有的参数：size", "f has no argument qqq; it takes size"),
    ("x = None", "x + 1", "算式里有一个“什么也没有”（None）：多半是上一步没有返回结果", "One of the values is nothing (None): the step before probably gave back nothing"),
    (TABLE, "customers.hed()", "DataFrame 没有 hed；是不是 head？", "DataFrame has no hed; did you mean head?"),
    (TABLE, "customers.recency_day", "DataFrame 没有 recency_day；是不是 recency_days？", "DataFrame has no recency_day; did you mean recency_days?"),
    (TABLE, "customers.累计金额", "“累计金额”是显示用的表头，代码里这一列写 \"monetary\"", "'累计金额' is a heading for reading; in code this column is \"monetary\""),
    ("x = None", "x.head()", "点号前面什么也没有（None），所以没有 head：多半是上一步没有返回结果", "Before the dot there is nothing (None), so there is no head: the step before probably gave back nothing"),
    ("", "segkit.custmer_table(1)", "segkit 里没有 custmer_table；是不是 customer_table？", "segkit has no custmer_table; did you mean customer_table?"),
    ("", "segkit.charts.concentraton(1)", "segkit.charts 里没有 concentraton；是不是 concentration？", "segkit.charts has no concentraton; did you mean concentration?"),
    ("import pandas as pd", "pd.read_cvs('a.csv')", "pandas 里没有 read_cvs；是不是 read_csv？", "pandas has no read_cvs; did you mean read_csv?"),
    ("", "from segkit import Paretto", "segkit 里没有 Paretto；是不是 Pareto？", "segkit has no Paretto; did you mean Pareto?"),
    ("", "import pandsa", "没有 pandsa 这个包；是不是 pandas？", "There is no package pandsa; did you mean pandas?"),
    ("", "import segkit.chart", "没有 segkit.chart 这个包；是不是 segkit.charts？", "There is no package segkit.chart; did you mean segkit.charts?"),
    ("", "import pyecharts", "没有安装 pyecharts：在单元格里运行 %pip install pyecharts，再从菜单重启内核", "pyecharts is not installed: run %pip install pyecharts in a cell, then restart the kernel from the menu"),
    ("", "import qqzzvv", "没有 qqzzvv 这个包：先看名字有没有写错；没有写错就要先安装，没有网络时请讲师帮忙", "There is no package qqzzvv: check the spelling; if it is right it must be installed first, without internet by the trainer"),
    ("", "segkit.customer_table(1, asof='2025-12-31')", "customer_table 没有参数 asof；是不是 as_of？", "customer_table has no argument asof; did you mean as_of?"),
    (TABLE, "customers.sort_values('monetary', acsending=False)", "sort_values 没有参数 acsending；是不是 ascending？", "sort_values has no argument acsending; did you mean ascending?"),
]  # fmt: skip


@pytest.mark.parametrize(("scene", "cell", "zh", "en"), NAMES)
def test_a_name_that_is_not_there(book, scene, cell, zh, en):
    lines = first_lines(book, scene, cell)
    if not re.match(".*(、|,)$|---", en):  # the whole line, where it is given whole
        assert lines == {"zh": zh, "en": en}
    assert lines["zh"].startswith(zh) and lines["en"].startswith(en)


VALUES = [
    ("x = '客户' + 3", "文字和数字不能直接相加或比较：数字用 str() 变成文字，或文字用 float() 变成数字", "Text and numbers cannot be added or compared: make the number a text with str(), or the text a number with float()"),
    ("x = 3 + '客户'", "文字和数字不能直接相加或比较：数字用 str() 变成文字，或文字用 float() 变成数字", "Text and numbers cannot be added or compared: make the number a text with str(), or the text a number with float()"),
    ("x = '3' > 2", "文字和数字不能直接相加或比较：数字用 str() 变成文字，或文字用 float() 变成数字", "Text and numbers cannot be added or compared: make the number a text with str(), or the text a number with float()"),
    ("x = 1 / 0", "除数是 0：先看分母是哪个数，为什么是 0", "Division by 0: see which number is below the line, and why it is 0"),
    ("int('1,234')", "“1,234”带着逗号或单位，不能直接变成数字；先去掉，如 \"1,234\".replace(\",\", \"\")，整列金额交给 segkit.clean", "'1,234' has commas or a unit and is no plain number; take them out first, as in \"1,234\".replace(\",\", \"\"), or leave a column of amounts to segkit.clean"),
    ("float('￥1.2万')", "“￥1.2万”带着逗号或单位，不能直接变成数字；先去掉，如 \"￥1.2万\".replace(\",\", \"\")，整列金额交给 segkit.clean", "'￥1.2万' has commas or a unit and is no plain number; take them out first, as in \"￥1.2万\".replace(\",\", \"\"), or leave a column of amounts to segkit.clean"),
    ("int('3.5')", "“3.5”是小数，int 只收整数的写法；改用 float(\"3.5\")", "'3.5' is a decimal, and int takes whole numbers only; use float(\"3.5\")"),
    ("int('abc')", "“abc”不是数字，变不成数字", "'abc' is not a number and cannot become one"),
    ("[1, 2][5]", "序号超出范围：序号从 0 开始，最后一个是个数减 1，也可以写 -1", "Beyond the end: counting begins at 0, so the last is the number less one, or -1"),
    ("raise KeyboardInterrupt", "已中断：这个单元格没有算完，它要给出的名字可能还没有；要结果就再运行一次", "Interrupted: this cell did not finish, so its names may be missing; run it again for the result"),
    ("import pandas as pd\ns = pd.Series([1, 2])\nif s > 1: pass", "一整列不能直接当“是”或“否”：几个条件之间用 & 或 |，每个条件加括号", "A whole column is neither true nor false: join conditions with & or |, each in brackets"),
    ("import pandas as pd\npd.DataFrame({'a': [1]})('a')", "取列要用方括号：写 表[\"列名\"]，不写 表(\"列名\")", "A column is taken with square brackets: table[\"column\"], not table(\"column\")"),
    ("print['a']", "运行函数要用圆括号 ( )，这里写成了方括号 [ ]", "A function is run with round brackets ( ); here are square ones [ ]"),
    ("n = 3\nn(4)", "int 后面不能加圆括号：它是一个值，不是函数；看是不是少写了乘号，或用同一个名字盖住了函数", "int is a value, not a function, so no round brackets behind it: a missing *, or a function's name given to a value?"),
    ("def f(a, b): pass\nf()", "f 还少参数：a、b", "f still needs a, b"),
    ("import segkit\nsegkit.customer_table()", "customer_table 还少参数：orders", "customer_table still needs orders"),
    ("open('x.txt', 'w', encoding='gbk').write('✔')", "字符 ✔ 写不进这种编码；写文件时加上 encoding=\"utf-8-sig\"", "The character ✔ does not exist in this encoding; write the file with encoding=\"utf-8-sig\""),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "zh", "en"), VALUES)
def test_a_value_that_does_not_fit(book, cell, zh, en):
    lines = first_lines(book, cell)
    assert lines["zh"] == zh and lines["en"].startswith(en)


# --- cells and files of the folder -------------------------------------------


def ipynb(path: Path, *cells: tuple[str, str]) -> None:
    made = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    nbformat.write(nbformat.v4.new_notebook(cells=[made[kind](text) for kind, text in cells]), path)


def test_a_cell_that_was_not_run_is_named(book, tmp_path):
    ipynb(
        tmp_path / "课.ipynb",
        ("markdown", "## 前 20% 的客户（12 分钟）\n\n文字"),
        ("code", "n = 3\ntop = n * 2"),
        ("code", "print(top + 1)"),
    )
    assert first_lines(book, "print(top + 1)") == {
        "zh": "top 还没有：先运行“前 20% 的客户（12 分钟）”一节里写着 top = n * 2 的单元格",
        "en": "top is not there yet: first run the cell with top = n * 2, in the section '前 20% 的客户（12 分钟）'",
    }
    # it is not there when the cell was run and failed, which is another thing
    assert book.line("1 / 0", "n = 3\ntop = n * 2 / 0") != ""
    ipynb(tmp_path / "课.ipynb", ("code", "top = 1 / 0"), ("code", "print(top + 1)"))
    assert first_lines(book, "top = 1 / 0", "print(top + 1)") == {
        "zh": "top 还没有：写着 top = 1 / 0 的单元格运行过，但出了错；先改好它再运行",
        "en": "top is not there: the cell with top = 1 / 0 was run but failed; mend and run that one first",
    }


def test_of_a_pair_the_one_in_the_spoken_language_is_read(book, tmp_path):
    for lang, head in (("en", "# Start"), ("zh", "# 开始")):
        ipynb(tmp_path / f"04_a.{lang}.ipynb", ("markdown", head), ("code", "top = 2"), ("code", "top + 1"))
    lines = first_lines(book, "top + 1")
    assert "“开始”一节" in lines["zh"] and "in the section 'Start'" in lines["en"]


def test_a_notebook_known_by_name_need_not_hold_the_cell_as_it_is_now(book, tmp_path, monkeypatch):
    ipynb(tmp_path / "me.ipynb", ("code", "top = 2"))
    monkeypatch.setenv("JPY_SESSION_NAME", "class/me.ipynb")
    assert first_lines(book, "top + 12345") == {
        "zh": "top 还没有：先运行写着 top = 2 的单元格",
        "en": "top is not there yet: first run the cell with top = 2",
    }


def test_another_notebook_in_the_folder_is_not_asked(book, tmp_path):
    ipynb(tmp_path / "other.ipynb", ("code", "top = 1"), ("code", "print(2)"))
    assert "从上到下" in first_lines(book, "print(top + 1)")["zh"]
    (tmp_path / "broken.ipynb").write_text('{"cells": 3}', encoding="utf-8")
    assert "从上到下" in first_lines(book, "print(top + 1)")["zh"]


FILES = [
    ("pd.read_csv('order.csv')", "文件夹“data”里没有“order.csv”；是不是 orders.csv？", "The folder 'data' has no 'order.csv'; did you mean orders.csv?"),
    ("pd.read_excel('报表.xlsx')", "文件夹“data”里没有“报表.xlsx”；有 customers.xlsx、orders.csv", "The folder 'data' has no '报表.xlsx'; it has customers.xlsx, orders.csv"),
    ("open('notes.txt')", "文件夹“data”里没有“notes.txt”，也没有这种文件；把文件放进这个文件夹，或写上文件所在的文件夹", "The folder 'data' has no 'notes.txt' and no file of its kind; put the file there, or write the folder it is in"),
    ("open('2025/orders.csv')", "没有文件夹“2025”；现在的工作文件夹是“data”", "There is no folder '2025'; the working folder is 'data'"),
    ("open('sub')", "“sub”是文件夹，不是文件；在后面写上文件名", "'sub' is a folder, not a file; add the name of the file"),
    ("raise PermissionError(13, 'Permission denied', 'customers.xlsx')", "“customers.xlsx”打不开，多半正开着（Excel 或 WPS）；关掉它再运行一次", "'customers.xlsx' cannot be opened, most likely it is open in Excel or WPS; close it there and run again"),
    ("raise PermissionError(13, '另一个程序正在使用此文件，进程无法访问。', r'D:\\客户\\导出.csv', 32)", "“导出.csv”打不开，多半正开着（Excel 或 WPS）；关掉它再运行一次", "'导出.csv' cannot be opened, most likely it is open in Excel or WPS; close it there and run again"),
    ("raise PermissionError(13, 'Permission denied', 'secret.txt')", "没有读写“secret.txt”的权限；换一个自己的文件夹", "No permission to read or write 'secret.txt'; use a folder of your own"),
    ("pd.read_csv('gbk.csv')", "“gbk.csv”不是 UTF-8 编码，多半是 Excel 存的 GBK；改用 segkit.read_table(\"gbk.csv\")，它会认编码", "'gbk.csv' is not in UTF-8, most likely GBK as Excel saves it; use segkit.read_table(\"gbk.csv\"), which finds the encoding"),
    ("open('gbk.csv', encoding='utf-8').read()", "文件不是 UTF-8 编码，多半是 Excel 存的 GBK；改用 segkit.read_table(文件名)，它会认编码", "The file is not in UTF-8, most likely GBK as Excel saves it; use segkit.read_table(file name), which finds the encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "zh", "en"), FILES)
def test_files(book, tmp_path, monkeypatch, cell, zh, en):
    folder = tmp_path / "data"
    (folder / "sub").mkdir(parents=True)
    monkeypatch.chdir(folder)
    (folder / "orders.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / "customers.xlsx").write_bytes(b"")
    if "gbk" in cell:
        (folder / "gbk.csv").write_bytes("客户编号,金额\nC1,3\n".encode("gbk"))
    lines = first_lines(book, "import pandas as pd", cell)
    assert lines == {"zh": zh, "en": en}
    assert str(tmp_path) not in lines["zh"] + lines["en"]


def test_many_files_are_counted(book, tmp_path):
    for n in range(30):
        (tmp_path / f"{n:02d}月订单.csv").write_text("a\n", encoding="utf-8")
    lines = first_lines(book, "open('xyz.csv')")
    assert "有 30 个文件，如 00月订单.csv、" in lines["zh"] and "it has 30 files, such as" in lines["en"]


# --- how it is shown ---------------------------------------------------------


def test_pythons_own_traceback_stays_below_unchanged(book):
    plain = book.run("x = 1 / 0")
    with_words = book.run("import segkit\nlang = segkit.use('zh')", "x = 1 / 0")
    line, _, below = with_words.partition("\n")
    assert line.startswith("除数是 0")
    assert re.sub(r"In\[\d+\]", "In[]", below) == re.sub(r"In\[\d+\]", "In[]", plain)
    assert below.rstrip().endswith("ZeroDivisionError: division by zero")


def test_problems_of_segkit_are_shown_as_their_lines_alone(book):
    cell = "segkit.read_table('没有.csv')"
    zh = book.run("import segkit\nlang = segkit.use('zh')", cell)
    en = book.run("lang = segkit.use('en')", cell)
    assert zh.startswith("1 个问题，改好后再运行一次：") and en.startswith(
        "1 problem to mend, then run again:"
    )
    assert len(zh.strip().splitlines()) == len(en.strip().splitlines()) == 2
    assert "Traceback" not in zh + en and "InputProblems" not in zh + en
    not_fitted = book.run("import pandas as pd", "segkit.RFM().label(pd.DataFrame())")
    assert "Traceback" not in not_fitted and len(not_fitted.strip().splitlines()) == 1


def test_errors_of_code_that_is_merely_called_are_left_alone(book, tmp_path, monkeypatch):
    (tmp_path / "theirs.py").write_text("x = (1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    out = book.run("import segkit\nlang = segkit.use('zh')", "import theirs  # （")
    assert "括号" not in out and "SyntaxError" in out
    assert "读不懂" not in book.run("eval('1 +')")
    assert book.run("raise RuntimeError('x')").lstrip().startswith("-----")


def test_it_never_raises_itself(book, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("the explainer is broken")

    monkeypatch.setattr(beginner_errors, "_LOOKS", ((BaseException, (broken,)),))
    out = book.run("import segkit\nlang = segkit.use('zh')", "x = 1 / 0")
    assert out.rstrip().endswith("ZeroDivisionError: division by zero") and "broken" not in out


def test_strange_errors_do_not_disturb(book):
    cells = ["raise KeyError", "raise NameError('x')", "raise AttributeError", "raise FileNotFoundError",
             "raise PermissionError('x')", "raise ImportError('x')", "raise ModuleNotFoundError('x')",
             "raise SyntaxError('x')", "raise KeyError((1, 2))", "raise UnicodeDecodeError('a', b'', 0, 1, 'x')",
             "{}['a']", "import pandas as pd\npd.Series([1]).loc[9]", "class E(KeyError):\n  args = None\nraise E"]  # fmt: skip
    book.run("import segkit\nlang = segkit.use('zh')")
    for cell in cells:
        out = book.run(cell)
        assert "Error" in out or "E" in out, cell


def test_every_words_of_a_beginners_error_are_tried_here():
    from segkit.locale import _table, say

    known = {id for id in _table("messages.yml") if id.startswith("beginner.")}
    tried = "\n".join([*(row[-2] for row in [*TEXTS, *NAMES, *VALUES, *FILES])])
    others = {
        "cell_not_run",
        "cell_failed",
        "file_many_others",
        "cell_not_run_plain",
    }  # below, in their own tests
    untried = set()
    for id in known - {f"beginner.{name}" for name in others}:
        pattern = re.sub(r"\\\{[^}]*\\\}", ".*", re.escape(_table("messages.yml")[id]["zh"]))
        if not re.search(pattern, tried):
            untried.add(id)
    assert not untried and say("beginner.zero", "en")


@pytest.mark.parametrize(
    ("call", "zh", "en"),
    [
        ("segkit.RFM(bins=0)", "bins：0 太小，至少 2", "bins: 0 is too small, at least 2"),
        ("segkit.RFM(bin=4)", "是不是“bins”", "did you mean 'bins'"),
        ("segkit.Pareto(cuts=(0.9, 0.7))", "分界点应从小到大", "cut points should ascend"),
        ("segkit.Pareto(cuts=(70, 90))", "70 应小于 1", "70 should be below 1"),
    ],
)
def test_a_setting_a_scheme_refuses_is_said_plainly(call, zh, en):
    import segkit

    with pytest.raises(ValueError) as refused:
        eval(call, {"segkit": segkit})
    assert zh in beginner_errors.own_words(refused.value, "zh")
    assert en in beginner_errors.own_words(refused.value, "en")


# --- a real kernel -----------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "said"),
    [("zh", "第 1 行第 6 个字符是中文括号"), ("en", "Line 1, character 6 is the Chinese bracket")],
)
def test_a_kernel_sends_the_line_and_the_error(tmp_path, lang, said):
    cells = [
        f"import segkit\nlang = segkit.use({lang!r})",
        "print（1）",
        "segkit.read_table('x.csv')",
        "1 / 0",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    NotebookClient(
        book, allow_errors=True, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert book.cells[0].outputs == []
    [text], [own], [zero] = (cell.outputs for cell in book.cells[1:])
    assert said in text.traceback[0] and text.ename == "SyntaxError"
    assert own.ename == "InputProblems" and len(own.traceback) == 1 and "1 " in own.traceback[0]
    assert zero.ename == "ZeroDivisionError" and zero.evalue == "division by zero" and len(zero.traceback) > 2
    with pytest.raises(CellExecutionError):
        NotebookClient(book, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
