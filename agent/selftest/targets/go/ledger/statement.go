package ledger

import "fmt"

// Statement is the text that is sent to customers: one line a payment with the balance so far.
func Statement(payments []Payment, balance int64) string {
	text := fmt.Sprintf("%-12s%-16s%14s%16s\n", "day", "reference", "amount", "balance")
	for _, payment := range payments {
		balance += payment.Cents
		text += fmt.Sprintf("%-12s%-16s%14s%16s\n", payment.Day, payment.Reference, Euros(payment.Cents), Euros(balance))
	}
	return text
}

// Euros writes cents as an amount with two digits behind the point.
func Euros(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}

// Average is the mean amount of the payments in cents, weighted by how many days before `today` they came: the
// newest counts most. Days are numbered from any day on.
func Average(cents []int64, days []int, today int) float64 {
	var sum, weights float64
	for i := range cents {
		age := float64(today - days[i])
		weight := 1.0
		for step := 0.0; step < age; step++ {
			weight *= 0.97
		}
		sum += weight * float64(cents[i])
		weights += weight
	}
	if weights == 0 {
		return 0
	}
	return sum / weights
}
