//go:build !linux

package repository

import "errors"

func exchange(a, b string) error { return errors.ErrUnsupported }
