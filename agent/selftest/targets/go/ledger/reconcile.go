package ledger

import "log"

// Invoice is what a customer owes.
type Invoice struct {
	Number string
	Cents  int64
}

// Matches says which invoice each payment settles.
type Matches struct {
	// Invoice holds for each payment the index of its invoice, -1 for none.
	Invoice []int
	// Open is what is still owed, in cents.
	Open int64
}

// Reconcile finds for each payment the first invoice with its reference and amount that isn't settled yet.
func Reconcile(payments []Payment, invoices []Invoice) Matches {
	settled := make([]bool, len(invoices))
	var found Matches
	for _, payment := range payments {
		match := -1
		for i, invoice := range invoices {
			if invoice.Number == payment.Reference && invoice.Cents == payment.Cents && !settled[i] {
				match = i
				settled[i] = true
				break
			}
		}
		found.Invoice = append(found.Invoice, match)
	}
	for i, invoice := range invoices {
		if !settled[i] {
			found.Open += invoice.Cents
		}
	}
	return found
}

// Post adds payments to the accounts of their payers and returns how many could not be posted. Every payment
// of someone without an account is written to the log, which the auditors read.
func Post(accounts map[string]int64, payments []Payment) int {
	refused := 0
	for _, payment := range payments {
		if _, known := accounts[payment.Payer]; !known {
			log.Printf("refused: %s %s %d of %q: no account", payment.Day, payment.Reference, payment.Cents, payment.Payer)
			refused++
			continue
		}
		accounts[payment.Payer] += payment.Cents
	}
	return refused
}
