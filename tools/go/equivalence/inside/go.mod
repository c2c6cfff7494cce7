module askprofiler/calls

go 1.21
