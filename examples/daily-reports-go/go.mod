module example.com/dailyreports

go 1.24
