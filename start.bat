@echo off
rem Starts segkit on Windows: finds Python, then runs start.py with the same words.
rem Without any word it makes the sample report. A data file may be dropped on it.
rem This file is ASCII; the Chinese lines are written as code points for PowerShell.
setlocal DisableDelayedExpansion

if not exist "%~dp0start.py" goto inside_zip

set "PY="
py -3 -c "" >nul 2>nul
if not errorlevel 1 set "PY=py -3"
if defined PY goto found
python -c "" >nul 2>nul
if not errorlevel 1 set "PY=python"
if not defined PY goto no_python

:found
if "%~1"=="" goto sample
%PY% "%~dp0start.py" %*
set "CODE=%ERRORLEVEL%"
if exist "%~1" pause
if defined SEGKIT_PAUSE if not "%CODE%"=="0" pause
exit /b %CODE%

:sample
%PY% "%~dp0start.py" report
set "CODE=%ERRORLEVEL%"
pause
exit /b %CODE%

:inside_zip
set "ZH=\u8bf7\u5148\u89e3\u538b\uff1a\u53f3\u952e\u538b\u7f29\u5305\uff0c\u5168\u90e8\u89e3\u538b\u7f29\uff0c\u518d\u8fd0\u884c\u89e3\u538b\u51fa\u7684\u6587\u4ef6\u5939\u91cc\u7684 start.bat\u3002"
echo Unzip first: right-click the zip file, "Extract all", then run start.bat in the folder that comes out.
goto say_and_stop

:no_python
set "ZH=\u6ca1\u6709\u627e\u5230 Python\uff1a\u8bf7\u5b89\u88c5 Python 3.11 \u5230 3.13\uff08python.org \u6216\u5fae\u8f6f\u5e94\u7528\u5546\u5e97\uff09\uff0c\u5b89\u88c5\u65f6\u52fe\u9009 Add python.exe to PATH\uff0c\u518d\u8fd0\u884c\u4e00\u6b21\u3002"
echo Python was not found. Install Python 3.11 to 3.13 (python.org or the Microsoft Store),
echo tick "Add python.exe to PATH" while installing, then run this file again.
goto say_and_stop

:say_and_stop
powershell -NoProfile -Command "[regex]::Unescape($env:ZH)" 2>nul
pause
exit /b 2
