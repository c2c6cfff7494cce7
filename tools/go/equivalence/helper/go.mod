module askprofiler/analyser

go 1.23
