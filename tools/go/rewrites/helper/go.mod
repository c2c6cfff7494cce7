module askprofiler/rewriter

go 1.23
