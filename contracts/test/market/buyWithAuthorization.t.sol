// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {TestUSD} from "../../src/tokens/TestUSD.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

/// @notice A signature authorises one purchase, on one chain, in one market, of one version, until its deadline.
contract BuyWithAuthorizationTest is AgoraiTest {
    uint256 internal constant PRICE = 10_000_000;
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    uint256 internal model;
    uint256 internal offerId;

    function setUp() public override {
        super.setUp();
        model = publishFrom(boole, list(), 500);
        offerId = listIn(market, 0);
        token.mint(buyer, 10 * PRICE);
    }

    function listIn(IAccessMarket market_, uint16 index) internal returns (uint256) {
        vm.prank(boole);
        return market_.listOffer(model, index, address(token), PRICE, IAccessMarket.Usage.Internal);
    }

    function purchase() internal view returns (IAccessMarket.Purchase memory) {
        return IAccessMarket.Purchase({offerId: offerId, version: model, amountMax: PRICE, nonce: 0});
    }

    function authorization() internal view returns (IRevenueLedger.Authorization memory) {
        return authorize(BUYER_KEY, PRICE, market.authorizationNonceOf(purchase(), buyer));
    }

    function relay(IAccessMarket.Purchase memory purchase_, IRevenueLedger.Authorization memory authorization_)
        internal
    {
        vm.prank(relayer);
        market.buyWithAuthorization(purchase_, authorization_);
    }

    function expectBadSignature(address signer) internal {
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_BadSignature.selector, signer));
    }

    function test_ThePassIsTheBuyers() public {
        vm.expectEmit(true, true, true, true, address(ledger));
        emit IRevenueLedger.RevenueReceived(model, address(token), buyer, PRICE);
        relay(purchase(), authorization());
        assertTrue(market.isEntitled(offerId, buyer, model), "buyer");
        assertTrue(!market.isEntitled(offerId, relayer, model), "relayer");
        (uint256 sales,,) = ledger.accountOf(model, address(token));
        assertEq(sales, PRICE, "sales");
        assertEq(token.balanceOf(buyer), 9 * PRICE, "balance of the buyer");
    }

    function test_TheNonceIsTheWrittenRule() public view {
        bytes32 context = keccak256(abi.encode(offerId, buyer, PRICE, uint32(0)));
        bytes32 nonce = keccak256(abi.encode(address(market), model, context));
        assertTrue(market.authorizationNonceOf(purchase(), buyer) == nonce, "nonce");
    }

    function test_RevertWhen_AnotherOfferIsBought() public {
        IAccessMarket.Purchase memory other = purchase();
        other.offerId = listIn(market, 1);
        IRevenueLedger.Authorization memory signed = authorization();
        expectBadSignature(buyer);
        relay(other, signed);
    }

    function test_RevertWhen_AnotherVersionIsBought() public {
        IRevenueLedger.Authorization memory signed = authorization();
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_VersionChanged.selector, model, second));
        relay(purchase(), signed);
        IAccessMarket.Purchase memory other = purchase();
        other.version = second;
        expectBadSignature(buyer);
        relay(other, signed);
    }

    function test_RevertWhen_MaximumNonceOrAmountIsAnother() public {
        IRevenueLedger.Authorization memory signed = authorization();
        IAccessMarket.Purchase memory other = purchase();
        other.amountMax += 1;
        expectBadSignature(buyer);
        relay(other, signed);
        other = purchase();
        other.nonce = 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_NonceInvalid.selector, 0, 1));
        relay(other, signed);
        signed.amount -= 1;
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_AmountMismatch.selector, PRICE, PRICE - 1));
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheHolderIsAnother() public {
        token.mint(ada, PRICE);
        IRevenueLedger.Authorization memory signed = authorization();
        signed.from = ada;
        expectBadSignature(ada);
        relay(purchase(), signed);
        // Signed by the buyer, but with the nonce of a purchase for somebody else.
        signed = authorize(BUYER_KEY, PRICE, market.authorizationNonceOf(purchase(), ada));
        expectBadSignature(buyer);
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheChainIsAnother() public {
        IRevenueLedger.Authorization memory signed = authorization();
        vm.chainId(31338);
        expectBadSignature(buyer);
        relay(purchase(), signed);
    }

    function test_RevertWhen_TheMarketOrTheLedgerIsACopy() public {
        IRevenueLedger.Authorization memory signed = authorization();
        IAccessMarket clone = IAccessMarket(deploy("AccessMarket", abi.encode(registry, ledger), bytes32(uint256(1))));
        listIn(clone, 0);
        expectBadSignature(buyer);
        clone.buyWithAuthorization(purchase(), signed);

        IRevenueLedger other =
            IRevenueLedger(deploy("RevenueLedger", abi.encode(registry, treasury, governor), bytes32(uint256(1))));
        vm.prank(governor);
        other.setTokenAllowed(address(token), true);
        IAccessMarket third = IAccessMarket(deploy("AccessMarket", abi.encode(registry, other), 0));
        listIn(third, 0);
        expectBadSignature(buyer);
        third.buyWithAuthorization(purchase(), signed);
    }

    function test_RevertWhen_TheSignatureIsTakenToTheLedger() public {
        IRevenueLedger.Authorization memory signed = authorization();
        bytes32 context = keccak256(abi.encode(offerId, buyer, PRICE, uint32(0)));
        expectBadSignature(buyer);
        vm.prank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, context);
    }

    function test_RevertWhen_TheSignatureIsNotStrict() public {
        IRevenueLedger.Authorization memory signed = authorization();
        (bytes32 r, bytes32 s, uint8 v) = split(signed.signature);
        bytes[7] memory signatures = [
            abi.encodePacked(r, bytes32(ORDER - uint256(s)), v ^ 7),
            abi.encodePacked(r, s, uint8(0)),
            abi.encodePacked(r, s, uint8(1)),
            abi.encodePacked(r, s, uint8(29)),
            abi.encodePacked(r, bytes32(uint256(s) | uint256(v - 27) << 255)),
            abi.encodePacked(r, s, v, bytes1(0)),
            bytes("")
        ];
        for (uint256 i; i < signatures.length; ++i) {
            signed.signature = signatures[i];
            expectBadSignature(buyer);
            relay(purchase(), signed);
        }
        signed = authorization();
        signed.from = address(0);
        expectBadSignature(address(0));
        relay(purchase(), signed);
    }

    function split(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function test_RevertWhen_ItIsExpired() public {
        IRevenueLedger.Authorization memory signed = authorization();
        vm.warp(signed.validBefore);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationExpired.selector, signed.validBefore));
        relay(purchase(), signed);
    }

    function test_RevertWhen_ItIsUsedAgain() public {
        IRevenueLedger.Authorization memory signed = authorization();
        relay(purchase(), signed);
        vm.expectRevert(abi.encodeWithSelector(IAccessMarket.AccessMarket_PassHeld.selector, offerId, buyer));
        relay(purchase(), signed);
        assertEq(token.balanceOf(buyer), 9 * PRICE, "paid once");
    }

    /// @dev Outside the market a payment binds its caller, its version and its context, and can be used once.
    function test_ALedgerPaymentBindsCallerVersionAndContext() public {
        bytes32 context = keccak256("an invoice");
        bytes32 nonce = keccak256(abi.encode(relayer, model, context));
        IRevenueLedger.Authorization memory signed = authorize(BUYER_KEY, PRICE, nonce);
        uint256 other = publishFrom(boole, list(), 0);
        vm.startPrank(relayer);
        expectBadSignature(buyer);
        ledger.payWithAuthorization(other, address(token), signed, context);
        expectBadSignature(buyer);
        ledger.payWithAuthorization(model, address(token), signed, keccak256("another invoice"));
        vm.stopPrank();
        expectBadSignature(buyer);
        vm.prank(ada);
        ledger.payWithAuthorization(model, address(token), signed, context);
        vm.startPrank(relayer);
        ledger.payWithAuthorization(model, address(token), signed, context);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationUsed.selector, buyer, nonce));
        ledger.payWithAuthorization(model, address(token), signed, context);
        vm.stopPrank();
    }

    function test_RevertWhen_TheOfferIsFree() public {
        vm.prank(boole);
        uint256 free = market.listOffer(model, 9, address(token), 0, IAccessMarket.Usage.Evaluation);
        IAccessMarket.Purchase memory nothing = purchase();
        (nothing.offerId, nothing.amountMax) = (free, 0);
        IRevenueLedger.Authorization memory signed =
            authorize(BUYER_KEY, 0, market.authorizationNonceOf(nothing, buyer));
        vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
        relay(nothing, signed);
        assertTrue(!market.isEntitled(free, buyer, model), "no pass");
    }
}
