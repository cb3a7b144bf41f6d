//go:build !linux

package status

import "errors"

func readQueues() (queues, error) { return nil, errors.ErrUnsupported }
