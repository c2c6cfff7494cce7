module example.com/dependencies

go 1.24
