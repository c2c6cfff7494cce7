module askprofiler/numbers

go 1.23
