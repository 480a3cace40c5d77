// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../../src/market/IAccessMarket.sol";
import {AgoraiTest} from "../../utils/AgoraiTest.sol";
import {ITestUSD} from "../../utils/ITestUSD.sol";
import {PlainToken} from "../../utils/PlainToken.sol";
import {StreamBooks} from "../StreamBooks.sol";
import {MarketHandler} from "./MarketHandler.sol";

/// @notice The numbers are those of README.md beside this file.
contract MarketInvariants is AgoraiTest {
    uint256 internal constant TOKENS = 2;
    uint256 internal constant ASSETS = 3;
    uint256 internal constant OFFERS = 30;
    uint256 internal constant ACCOUNTS = 5;

    MarketHandler internal handler;

    function setUp() public override {
        super.setUp();
        ITestUSD[] memory tokens = new ITestUSD[](TOKENS);
        (tokens[0], tokens[1]) = (token, ITestUSD(address(new PlainToken())));
        vm.prank(governor);
        ledger.setTokenAllowed(address(tokens[1]), true);
        handler = new MarketHandler(registry, ledger, market, tokens);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev Read by forge: the calls that a run is made of.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        string[13] memory signatures = [
            "buy(uint256,uint256)",
            "buyFor(uint256,uint256)",
            "buyWithAuthorization(uint256,uint256)",
            "buyBundle(uint256,uint256)",
            "refund(uint256)",
            "refundHeld(uint256)",
            "refundTimed(uint256)",
            "transferPass(uint256)",
            "release(uint256)",
            "accrue(uint256,uint256)",
            "publishVersion(uint256)",
            "donate(uint256,uint32)",
            "passTime(uint256)"
        ];
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(handler), selectors: new bytes4[](signatures.length)});
        for (uint256 i; i < signatures.length; ++i) {
            targets[0].selectors[i] = bytes4(keccak256(bytes(signatures[i])));
        }
    }

    /// @dev Read by forge: nothing but the handler is called.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /* AFTER EVERY CALL */

    function invariant_WhatWaitsIsWholeAndPassesAreTrue() external view {
        uint256 offerId = handler.lastOffer();
        address token_ = handler.tokenOf(offerId);
        checkMoney(token_);
        checkPass(offerId, handler.lastHolder());
        uint256 day = block.timestamp / 1 days + uint160(handler.lastHolder()) % 45;
        checkStream(offerId >> 16, token_, day);
    }

    function checkMoney(address token_) internal view {
        uint256 waiting = handler.held(token_);
        for (uint256 a; a < ASSETS; ++a) {
            waiting += handler.waiting(handler.assets(a), token_);
        }
        uint256 balance = ITestUSD(token_).balanceOf(address(market));
        assertEq(balance, waiting + handler.donated(token_), "M1: balance");
        assertEq(
            handler.paid(token_), handler.entered(token_) + waiting + handler.givenBack(token_), "M2: what was paid"
        );
        assertEq(ITestUSD(token_).balanceOf(address(ledger)), handler.entered(token_), "M2: the ledger");
    }

    function checkPass(uint256 offerId, address holder) internal view {
        IAccessMarket.Pass memory pass = market.passOf(offerId, holder);
        uint256 expiry = handler.expiry(offerId, holder);
        assertEq(pass.purchases, handler.purchases(offerId, holder), "M4: purchases");
        assertEq(pass.expiry, expiry, "M4: expiry");
        assertEq(pass.refundUntil, handler.refundUntil(offerId, holder), "M4: refund until");
        bool isRunning = expiry > block.timestamp;
        assertTrue(!isRunning || pass.purchases != 0 || handler.done("transferPass") != 0, "M4: no purchase");
        if (handler.placeOf(offerId) >= 2) {
            address key = handler.keyOf(offerId, holder);
            StreamBooks books = handler.booksOf(offerId >> 16, handler.tokenOf(offerId));
            if (isRunning) assertEq(pass.amount, books.rateOf(key), "M4: rate");
        } else if (pass.refundUntil != 0) {
            assertEq(pass.amount, handler.worth(offerId, holder), "M1: held");
        } else {
            assertEq(pass.amount, 0, "M1: nothing is held");
        }
        uint256 current = registry.currentVersion(offerId >> 16);
        assertTrue(market.isEntitled(offerId, holder, current) == isRunning, "M7: the current version");
        assertTrue(market.isEntitled(offerId, holder, offerId >> 16) == isRunning, "M7: the first version");
        uint256 other = handler.assets(0) == offerId >> 16 ? handler.assets(1) : handler.assets(0);
        assertTrue(!market.isEntitled(offerId, holder, other), "M7: another asset");
    }

    function checkStream(uint256 asset, address token_, uint256 day) internal view {
        IAccessMarket.Stream memory stream = market.streamOf(asset, token_);
        StreamBooks books = handler.booksOf(asset, token_);
        if (stream.day == 0) return;
        uint256 earned = books.earnedBefore(stream.day);
        assertEq(handler.streamed(asset, token_) + stream.earned, earned, "M5: earned");
        assertEq(stream.rate, books.rateOn(stream.day), "M6: rate");
        if (day <= stream.day) return;
        int256 change = int256(books.rateOn(day)) - int256(books.rateOn(day - 1));
        assertTrue(market.rateChangeOf(asset, token_, day) == change, "M6: change");
    }

    /* AT THE END OF EVERY RUN */

    function afterInvariant() external {
        checkAll();
        handler.settleAll();
        checkAll();
        checkWork();
        for (uint256 t; t < TOKENS; ++t) {
            address token_ = address(handler.tokens(t));
            assertEq(ITestUSD(token_).balanceOf(address(market)), handler.donated(token_), "M8: nothing waits");
            assertEq(
                ITestUSD(token_).balanceOf(address(ledger)),
                handler.paid(token_) - handler.givenBack(token_),
                "M8: the ledger has the rest"
            );
            for (uint256 a; a < ASSETS; ++a) {
                IAccessMarket.Stream memory stream = market.streamOf(handler.assets(a), token_);
                assertEq(stream.rate + stream.earned, 0, "M6: nothing flows");
            }
        }
    }

    /// @dev What is checked of the last pass after every call, of all passes, and every stream on every day.
    function checkAll() internal view {
        for (uint256 i; i < OFFERS; ++i) {
            for (uint256 a; a < ACCOUNTS; ++a) {
                checkPass(handler.offers(i), handler.account(a));
            }
        }
        for (uint256 t; t < TOKENS; ++t) {
            address token_ = address(handler.tokens(t));
            checkMoney(token_);
            uint256 owed = handler.donated(token_) + handler.held(token_);
            for (uint256 a; a < ASSETS; ++a) {
                owed += checkDays(handler.assets(a), token_);
            }
            assertEq(ITestUSD(token_).balanceOf(address(market)), owed, "M1: what the market says");
        }
    }

    /// @dev What a stream has earned and will earn, by its own word, day by day.
    function checkDays(uint256 asset, address token_) internal view returns (uint256 owed) {
        IAccessMarket.Stream memory stream = market.streamOf(asset, token_);
        StreamBooks books = handler.booksOf(asset, token_);
        owed = stream.earned;
        uint256 rate = stream.rate;
        uint256 last = books.lastDay();
        for (uint256 day = stream.day; day <= last; ++day) {
            if (day != stream.day) rate = uint256(int256(rate) + market.rateChangeOf(asset, token_, day));
            assertEq(rate, books.rateOn(day), "M6: rate of a day");
            owed += rate;
        }
        if (last >= stream.day) assertEq(rate, 0, "M6: after the last day");
    }

    function checkWork() internal view {
        string[13] memory actions = [
            "buy",
            "give",
            "buyFor",
            "buyWithAuthorization",
            "buyBundle",
            "renew",
            "refundHeld",
            "refundTimed",
            "transferPass",
            "release",
            "accrue",
            "publishVersion",
            "donate"
        ];
        for (uint256 i; i < actions.length; ++i) {
            assertTrue(handler.done(actions[i]) > 0, string.concat("M9: never did ", actions[i]));
        }
    }
}
