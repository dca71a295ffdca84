@echo off
rem Opens JupyterLab with the notebooks: a double click is enough. In English: lab.bat --lang en
rem This file is ASCII; the Chinese line is written as code points for PowerShell.
setlocal DisableDelayedExpansion
if not exist "%~dp0start.bat" goto inside_zip
set "SEGKIT_PAUSE=1"
call "%~dp0start.bat" lab %*
exit /b %ERRORLEVEL%

:inside_zip
set "ZH=\u8bf7\u5148\u89e3\u538b\uff1a\u53f3\u952e\u538b\u7f29\u5305\uff0c\u5168\u90e8\u89e3\u538b\u7f29\uff0c\u518d\u8fd0\u884c\u89e3\u538b\u51fa\u7684\u6587\u4ef6\u5939\u91cc\u7684 lab.bat\u3002"
echo Unzip first: right-click the zip file, "Extract all", then run lab.bat in the folder that comes out.
powershell -NoProfile -Command "[regex]::Unescape($env:ZH)" 2>nul
pause
exit /b 2
