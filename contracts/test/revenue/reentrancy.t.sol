// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {RevenueTest} from "./RevenueTest.sol";

/// @dev Owns an asset, and calls back when ether reaches it.
contract EtherPayee {
    IRevenueLedger internal immutable ledger;
    bytes public said;

    constructor(IRevenueLedger ledger_) {
        ledger = ledger_;
    }

    function rescue(uint256 asset) external {
        ledger.rescueEther(asset, address(this));
    }

    receive() external payable {
        (, said) = address(ledger).call(abi.encodeCall(ledger.rescueEther, (1, address(this))));
    }
}

/// @notice A token calls back from every call of the ledger that moves it, into every call that moves anything.
contract ReentrancyTest is RevenueTest {
    HostileToken internal hostile;

    function setUp() public override {
        super.setUp();
        hostile = new HostileToken();
        hostile.mint(buyer, type(uint128).max);
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), true);
    }

    function inner() internal view returns (bytes[13] memory) {
        address token_ = address(hostile);
        IRevenueLedger.Authorization memory unsigned;
        return [
            abi.encodeCall(ledger.pay, (model, token_, 1)),
            abi.encodeCall(ledger.payMany, (token_, list(model), list(1))),
            abi.encodeCall(ledger.payFrom, (buyer, model, token_, 1)),
            abi.encodeCall(ledger.holdFrom, (buyer, token_, 1)),
            abi.encodeCall(ledger.payWithAuthorization, (model, token_, unsigned, 0)),
            abi.encodeCall(ledger.sweepMany, (token_, list(model))),
            abi.encodeCall(ledger.rescueToken, (model, token_, boole)),
            abi.encodeCall(ledger.rescueEther, (model, boole)),
            abi.encodeCall(ledger.rescueNft, (model, token_, 1, boole)),
            abi.encodeCall(ledger.pullMany, (token_, list(model))),
            abi.encodeCall(ledger.creditMembers, (token_, only(contributionOf(0)))),
            abi.encodeCall(ledger.collectMany, (token_, list(model))),
            abi.encodeCall(ledger.collectContributions, (token_, only(contributionOf(0))))
        ];
    }

    /// @dev Everything that makes the ledger call the token's transfers.
    function outer(uint256 which) internal {
        address token_ = address(hostile);
        if (which == 0) {
            vm.prank(buyer);
            ledger.pay(dataset, token_, 10_000);
        } else if (which == 1) {
            vm.prank(address(market));
            ledger.payFrom(buyer, dataset, token_, 10_000);
        } else if (which == 2) {
            vm.prank(address(market));
            ledger.holdFrom(buyer, token_, 10_000);
        } else if (which == 3) {
            IRevenueLedger.Authorization memory unsigned;
            (unsigned.from, unsigned.amount) = (buyer, 10_000);
            ledger.payWithAuthorization(dataset, token_, unsigned, 0);
        } else if (which == 4) {
            hostile.mint(ledger.tillOf(dataset), 10_000);
            ledger.sweepMany(token_, list(dataset));
        } else if (which == 5) {
            ledger.collectMany(token_, list(dataset));
        } else if (which == 6) {
            vm.prank(buyer);
            ledger.payMany(token_, list(dataset, dataset), list(4_000, 6_000));
        } else {
            ledger.collectContributions(token_, only(contributionOf(0)));
        }
    }

    function test_RevertWhen_ATokenCallsBack() public {
        bytes[13] memory calls = inner();
        for (uint256 which; which < 8; ++which) {
            for (uint256 i; i < calls.length; ++i) {
                if (which == 5 || which == 7) {
                    hostile.set(HostileToken.Behaviour.Plain);
                    outer(0);
                }
                hostile.reenter(address(ledger), calls[i]);
                outer(which);
                assertTrue(bytes4(hostile.answer()) == bytes4(keccak256("Reentrancy()")), "refuses the inner call");
            }
        }
        (uint256 sales,,,) = ledger.accountOf(dataset, address(hostile));
        // Five ways in, thirteen times each, and twice thirteen payments before something was taken out.
        assertEq(sales, 10_000 * (5 * 13 + 2 * 13), "each outer sale counted once");
    }

    /// @dev A rescue of a token calls the token as well. It must not be one for payment.
    function test_RevertWhen_ARescuedTokenCallsBack() public {
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), false);
        bytes[13] memory calls = inner();
        for (uint256 i; i < calls.length; ++i) {
            hostile.mint(ledger.tillOf(model), 10);
            hostile.reenter(address(ledger), calls[i]);
            vm.prank(boole);
            ledger.rescueToken(model, address(hostile), relayer);
            assertTrue(bytes4(hostile.answer()) == bytes4(keccak256("Reentrancy()")), "refuses the inner call");
        }
        assertEq(hostile.balanceOf(relayer), 10 * calls.length, "rescued once each");
    }

    function test_RevertWhen_AnEtherPayeeCallsBack() public {
        EtherPayee payee = new EtherPayee(ledger);
        vm.prank(boole);
        asset721().transferFrom(boole, address(payee), model);
        vm.deal(ledger.tillOf(model), 1 ether);
        payee.rescue(model);
        assertTrue(bytes4(payee.said()) == bytes4(keccak256("Reentrancy()")), "refuses the inner call");
        assertEq(address(payee).balance, 1 ether, "once");
    }
}
