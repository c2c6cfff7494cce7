// Package ends has tests that end their process themselves.
package ends
