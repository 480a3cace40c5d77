// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {Vm} from "../utils/Vm.sol";
import {RevenueTest} from "./RevenueTest.sol";

contract GovernedTest is RevenueTest {
    function createLedger(address treasury_) internal returns (address made, bytes4 said) {
        address[] memory tokens = new address[](1);
        tokens[0] = address(token);
        bytes memory creation = abi.encodePacked(codeOf("RevenueLedger"), abi.encode(treasury_, tokens));
        assembly {
            made := create(0, add(creation, 0x20), mload(creation))
            returndatacopy(0, 0, mul(iszero(made), 4))
            if iszero(made) { said := mload(0) }
        }
    }

    function test_RevertWhen_TreasuryIsZero() public {
        (address made, bytes4 said) = createLedger(address(0));
        assertEq(made, address(0), "not created");
        assertTrue(said == IRevenueLedger.RevenueLedger_BadPayee.selector, "says why");
    }

    function test_KnowsWhatItWasGiven() public {
        vm.recordLogs();
        (address made,) = createLedger(treasury);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1, "says what is allowed from the start");
        assertTrue(logs[0].topics[0] == IRevenueLedger.TokenAllowed.selector, "event");
        assertEq(address(uint160(uint256(logs[0].topics[1]))), address(token), "its token");
        assertEq(IRevenueLedger(made).treasury(), treasury, "treasury");
        assertTrue(IRevenueLedger(made).isTokenAllowed(address(token)), "token");
        assertTrue(!IRevenueLedger(made).isTokenAllowed(address(registry)), "no other");
        assertEq(ledger.market(), address(market), "market");
        assertTrue(IRevenueLedger(made).market() != address(market), "of another deployment");
    }

    function test_RevertWhen_OthersAllowATokenOrStopIt() public {
        expectSaid(IRevenueLedger.RevenueLedger_NotGovernor.selector, boole);
        vm.prank(boole);
        ledger.setTokenAllowed(address(0xbad), true);
        expectSaid(IRevenueLedger.RevenueLedger_NotGovernor.selector, treasury);
        vm.prank(treasury);
        ledger.setTokenAllowed(address(token), false);
    }

    function test_TheGovernorAllowsATokenAndStopsIt() public {
        expectEvent();
        emit IRevenueLedger.TokenAllowed(address(token), false);
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), false);
        assertTrue(!ledger.isTokenAllowed(address(token)), "stopped");
        expectSaid(IRevenueLedger.RevenueLedger_TokenNotAllowed.selector, address(token));
        ledger.sweepMany(address(token), list(model));
        expectEvent();
        emit IRevenueLedger.TokenAllowed(address(token), true);
        vm.prank(governor);
        ledger.setTokenAllowed(address(token), true);
        ledger.sweepMany(address(token), list(model));
    }
}
