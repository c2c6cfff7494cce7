module example.com/textindex

go 1.24
