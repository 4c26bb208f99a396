package main

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

func validateCreate(request *paymentsv1.CreatePaymentRequest) error {
	switch {
	case request.GetAmount() <= 0:
		return status.Error(codes.InvalidArgument, "amount must be positive")
	case !isCurrency(request.GetCurrency()):
		return status.Error(codes.InvalidArgument, "currency must be three capital letters (ISO 4217)")
	case request.GetCustomer() == "":
		return status.Error(codes.InvalidArgument, "customer must be set")
	default:
		return validateSimulate(request.GetSimulate())
	}
}

func validateUpdate(request *paymentsv1.UpdatePaymentRequest) error {
	_, known := paymentsv1.PaymentStatus_name[int32(request.GetStatus())]
	switch {
	case request.GetId() == "":
		return status.Error(codes.InvalidArgument, "id must be set")
	case !known:
		return status.Error(codes.InvalidArgument, "status is not one of PaymentStatus")
	default:
		return validateSimulate(request.GetSimulate())
	}
}

func validateSimulate(how *paymentsv1.Simulate) error {
	switch {
	case how.GetDelay() != nil && (!how.GetDelay().IsValid() || how.GetDelay().AsDuration() < 0):
		return status.Error(codes.InvalidArgument, "simulate.delay must be a duration that is not negative")
	case how.GetCode() < 0 || codes.Code(how.GetCode()) > codes.Unauthenticated:
		return status.Error(codes.InvalidArgument, "simulate.code must be the number of a gRPC code")
	default:
		return nil
	}
}

func isCurrency(text string) bool {
	for _, letter := range text {
		if letter < 'A' || letter > 'Z' {
			return false
		}
	}
	return len(text) == 3
}
