module askprofiler/guard

go 1.23
